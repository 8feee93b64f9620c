"""Associations as the create SA procedure describes them (CCSDS 355.1-B), both ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import DefinitionError
from .sdls_associations import Algorithm, SecurityAssociation, Service
from .sdls_numbers import ReceivedNumbers
from .sdls_pdus import CreateSa

_ENCRYPTION = {Algorithm.NONE: b"\0", Algorithm.AES_256_GCM: b"\1", Algorithm.AES_256_CBC: b"\2"}
_AUTHENTICATION = {Algorithm.NONE: b"\0", Algorithm.CMAC_AES_256: b"\1", Algorithm.HMAC_SHA_256: b"\2"}
_SERVICES = {
    (False, False): Service.CLEAR,
    (False, True): Service.AUTHENTICATION,
    (True, False): Service.ENCRYPTION,
    (True, True): Service.AUTHENTICATED_ENCRYPTION,
}


@dataclass(frozen=True, slots=True)
class Suites:
    """Codes of the algorithms, which each mission agrees on; the defaults are those of CryptoLib 1.4."""

    encryption: Mapping[Algorithm, bytes] = field(default_factory=lambda: dict(_ENCRYPTION))
    authentication: Mapping[Algorithm, bytes] = field(default_factory=lambda: dict(_AUTHENTICATION))

    def codes(self, algorithm: Algorithm) -> tuple[bytes, bytes]:
        """Return the codes of the encryption and the authentication suite. Raises DefinitionError if there are none."""
        none = self.encryption.get(Algorithm.NONE, b""), self.authentication.get(Algorithm.NONE, b"")
        if algorithm in self.encryption:
            return self.encryption[algorithm], none[1]
        if algorithm in self.authentication:
            return none[0], self.authentication[algorithm]
        raise DefinitionError(f"the mission has no code for {algorithm.value}", remedy="Add it to the suites")

    def algorithm(self, encryption: bytes, authentication: bytes) -> Algorithm:
        """Return the algorithm of two codes; that of encryption counts first. Raises DefinitionError if there is none."""
        for code, known in ((encryption, self.encryption), (authentication, self.authentication)):
            for algorithm, its in known.items():
                if its == code and algorithm is not Algorithm.NONE:
                    return algorithm
        if (encryption, authentication) == self.codes(Algorithm.NONE):
            return Algorithm.NONE
        words = f"no algorithm has the codes {encryption.hex()!r} and {authentication.hex()!r}"
        raise DefinitionError(words, where="suites of the association", remedy="Use the codes the mission agreed on")


DEFAULT_SUITES = Suites()


def association_from(command: CreateSa, suites: Suites = DEFAULT_SUITES) -> SecurityAssociation:
    """Return the unkeyed association that a command creates; an empty mask means the standard one. Raises DefinitionError."""
    return SecurityAssociation(
        command.spi,
        _SERVICES[command.encrypted, command.authenticated],
        suites.algorithm(command.encryption_suite, command.authentication_suite),
        iv_octets=len(command.iv),
        iv_sent=command.iv_sent,
        sn_octets=len(command.arsn),
        sn_sent=command.sn_sent,
        pad_octets=command.pad_octets,
        mac_octets=command.mac_octets,
        mask=command.mask or None,
        window=int.from_bytes(command.window, "big"),
    )


def creation_of(association: SecurityAssociation, last: ReceivedNumbers, suites: Suites = DEFAULT_SUITES) -> CreateSa:
    """Return the command that creates an association whose last accepted numbers are `last`. Raises DefinitionError."""
    encryption, authentication = suites.codes(association.algorithm)
    return CreateSa(
        association.spi,
        association.encrypted,
        association.authenticated,
        association.iv_in_header,
        association.sn_in_header,
        association.pad_octets,
        association.mac_octets,
        encryption,
        last.iv.to_bytes(association.iv_octets, "big"),
        authentication,
        association.mask or b"",
        last.sn.to_bytes(association.sn_octets, "big"),
        association.window.to_bytes(max(1, (association.window.bit_length() + 7) // 8), "big"),
    )
