"""Octets of SLE PDUs and back, by the grammar of their service and version."""

from typing import cast

from ..errors import DefinitionError, UsageError
from .ber import fault
from .cltu_grammar import CLTU_SERVICE, ForwardService
from .grammar import Choice
from .operations import VERSIONS, association
from .pdus import Pdu
from .returns import RETURN_SERVICES, ReturnService
from .terms import ParameterName, ServiceType

SERVICES: dict[ServiceType, ReturnService | ForwardService] = {**RETURN_SERVICES, ServiceType.FCLTU: CLTU_SERVICE}
GRAMMARS = {(kind, version): table.grammar(version) for kind, table in SERVICES.items() for version in VERSIONS}
ASSOCIATION = {version: Choice(association(version)) for version in VERSIONS}


def supports(service: int, version: int) -> bool:
    """Tell whether PDUs of a service and version can be encoded and decoded."""
    return (service, version) in GRAMMARS


def known_parameters(service: ServiceType, version: int) -> frozenset[ParameterName]:
    """Return the parameters that GET-PARAMETER knows in a service and version."""
    return frozenset(row.name for row in SERVICES[service].rows(version))


def encode(pdu: Pdu, service: ServiceType | None, version: int) -> bytes:
    """Return the octets of a PDU; `service` None serves BIND, UNBIND, their returns and PEER-ABORT.

    A BIND is written in the form of the version it asks for. Raises UsageError for a value that the standard does not allow.
    """
    grammar = _grammar(service, version)
    if not grammar.fits(pdu):
        name = "the association" if service is None else f"{service.name} version {version}"
        raise UsageError(f"{type(pdu).__name__} is no PDU of {name}, or a value in it is out of range")
    return grammar.write(pdu)


def check(pdu: Pdu, service: ServiceType | None, version: int, what: str) -> None:
    """Raise DefinitionError, naming `what`, when a PDU made of settings cannot be encoded."""
    try:
        encode(pdu, service, version)
    except UsageError as error:
        raise DefinitionError(f"{what}: {error.what}", remedy=error.remedy) from error


def decode(octets: bytes, service: ServiceType | None = None, version: int = VERSIONS[-1]) -> Pdu:
    """Return the PDU of a whole message; `service` None, before BIND, knows BIND, UNBIND, their returns and PEER-ABORT.

    Raises DataError with the offset when the octets are no such PDU: abort with ENCODING_ERROR.
    """
    pdu, end = _grammar(service, version).read(octets, 0, len(octets))
    if end != len(octets):
        raise fault(f"{len(octets) - end} superfluous octets behind the PDU", end)
    return cast(Pdu, pdu)


def _grammar(service: ServiceType | None, version: int) -> Choice:
    found = ASSOCIATION.get(version) if service is None else GRAMMARS.get((service, version))
    if found is None:
        raise UsageError(
            f"service {service!r} version {version} is not supported", remedy="RAF, RCF, ROCF and FCLTU, versions 1 to 5"
        )
    return found
