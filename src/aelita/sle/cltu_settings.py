"""What a service instance of the forward CLTU service offers, to whom, and what GET-PARAMETER tells of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import DefinitionError, UsageError
from .cltu_grammar import LARGEST_MAXIMUM
from .cltu_terms import NotificationMode, ProtocolAbortMode, YesNo
from .cltu_terms import Plop as Plop
from .codec import check, known_parameters
from .identifiers import attributes_of
from .pdus import Bind, GetParameterReturn, Gvcid, Parameter, Value
from .provision import CYCLES, Ending
from .security import AuthenticationLevel, Security
from .terms import DeliveryMode, GetParameterDiagnostic, ParameterName, ServiceType

LEVELS = (AuthenticationLevel.NONE, AuthenticationLevel.BIND, AuthenticationLevel.ALL)


@dataclass(frozen=True, slots=True)
class CltuSettings:
    """What one forward CLTU instance offers, to whom and when (TAI nanoseconds; None: open).

    `initiators` are who may bind it, by authority identifier, each with credentials that are good for this instance and nothing
    else: what the provider's other peers know opens it to none of them. They prove every PDU unless `least_level` allows less.
    `not_before` (TAI nanoseconds of this machine) refuses credentials made earlier, since a provider that was started again does
    not know which of these it has seen. Raises DefinitionError and UsageError for what the standard does not allow.
    """

    identifier: str
    initiators: Mapping[str, Security]
    responder_port: str = ""
    begin: int | None = None
    end: int | None = None
    buffer_octets: int = 100_000
    most_cltus: int = 5_000
    maximum_cltu_octets: int = LARGEST_MAXIMUM
    minimum_delay_us: int = 0
    notification_mode: NotificationMode = NotificationMode.IMMEDIATE
    protocol_abort_mode: ProtocolAbortMode = ProtocolAbortMode.ABORT
    events: frozenset[int] = frozenset()
    bit_lock_required: YesNo = YesNo.NO
    rf_available_required: YesNo = YesNo.NO
    clcw_channel: Gvcid | None = None
    clcw_physical_channel: str | None = None
    acquisition_octets: int = 16
    idle_octets: int = 0
    plop: Plop = Plop.PLOP_2
    modulation_frequency_hz: int = 16_000
    modulation_index_mrad: int = 1_000
    subcarrier_ratio: int = 1
    return_timeout_s: int = 60
    min_reporting_cycle_s: int = 5
    least_level: AuthenticationLevel = AuthenticationLevel.ALL
    not_before: int | None = None
    ending: Ending = Ending.FINAL

    def __post_init__(self) -> None:
        self._check_identifier()
        self._check_initiators()
        if self.begin is not None and self.end is not None and self.begin >= self.end:
            raise DefinitionError(f"the provision period of {self.identifier!r} ends before it begins")
        for key, number, most in (
            ("buffer_octets", self.buffer_octets, 2**32 - 1),
            ("most_cltus", self.most_cltus, 2**32 - 1),
            ("return_timeout_s", self.return_timeout_s, 600),
        ):
            if not 1 <= number <= most:
                raise DefinitionError(f"{key} of {self.identifier!r} is {number}", remedy=f"Give 1 to {most}")
        if self.min_reporting_cycle_s not in CYCLES:
            raise DefinitionError(
                f"a reporting cycle of {self.min_reporting_cycle_s} s at {self.identifier!r}", remedy="Give 2 to 600 s"
            )
        for name, tell in VALUES.items():
            parameter = Parameter(name, tell(Known(self, 0, 0, None)))
            what = f"{name.name.lower()} of {self.identifier!r}"
            check(GetParameterReturn(0, parameter), ServiceType.FCLTU, 5, what)

    def _check_identifier(self) -> None:
        name, _, value = self.identifier.rpartition(".")[2].partition("=")
        if name != "cltu" or not value.startswith("cltu"):
            raise DefinitionError(
                f"service instance {self.identifier!r} is none of the forward CLTU service",
                remedy="Its last part is cltu= and cltu with a number, as in cltu=cltu1",
            )
        try:
            attributes_of(self.identifier)
        except UsageError as error:
            raise DefinitionError(error.what, remedy=error.remedy) from error

    def _check_initiators(self) -> None:
        if not self.initiators:
            raise DefinitionError(f"nobody may bind {self.identifier!r}", remedy="Name its initiators with their credentials")
        for name, security in self.initiators.items():
            what = f"initiator {name!r} of {self.identifier!r}"
            check(Bind(name, "PORT", ServiceType.FCLTU, 5, self.identifier), None, 5, what)
            if LEVELS.index(security.level) < LEVELS.index(self.least_level):
                raise DefinitionError(
                    f"{what} would prove only {security.level.value!r}",
                    remedy=f"Commands are taken at the level {self.least_level.value!r}",
                )

    @property
    def service(self) -> ServiceType:
        """The forward CLTU service."""
        return ServiceType.FCLTU


@dataclass(frozen=True, slots=True)
class Known:
    """What the answer to GET-PARAMETER depends on: the settings, what is expected next, and the cycle of reports (None: off)."""

    settings: CltuSettings
    expected_cltu: int
    expected_event: int
    cycle_s: int | None


P = ParameterName
Tell: TypeAlias = Callable[[Known], Value]
VALUES: dict[ParameterName, Tell] = {
    P.ACQUISITION_SEQUENCE_LENGTH: lambda known: known.settings.acquisition_octets,
    P.BIT_LOCK_REQUIRED: lambda known: known.settings.bit_lock_required,
    P.CLCW_GLOBAL_VCID: lambda known: known.settings.clcw_channel,
    P.CLCW_PHYSICAL_CHANNEL: lambda known: known.settings.clcw_physical_channel,
    P.DELIVERY_MODE: lambda known: DeliveryMode.FORWARD_ONLINE,
    P.EXPECTED_SLDU_ID: lambda known: known.expected_cltu,
    P.EXPECTED_EVENT_INVOCATION_ID: lambda known: known.expected_event,
    P.MAXIMUM_SLDU_LENGTH: lambda known: known.settings.maximum_cltu_octets,
    P.MINIMUM_DELAY_TIME: lambda known: known.settings.minimum_delay_us,
    P.MIN_REPORTING_CYCLE: lambda known: known.settings.min_reporting_cycle_s,
    P.MODULATION_FREQUENCY: lambda known: known.settings.modulation_frequency_hz,
    P.MODULATION_INDEX: lambda known: known.settings.modulation_index_mrad,
    P.NOTIFICATION_MODE: lambda known: known.settings.notification_mode,
    P.PLOP1_IDLE_SEQUENCE_LENGTH: lambda known: known.settings.idle_octets,
    P.PLOP_IN_EFFECT: lambda known: known.settings.plop,
    P.PROTOCOL_ABORT_MODE: lambda known: known.settings.protocol_abort_mode,
    P.REPORTING_CYCLE: lambda known: known.cycle_s,
    P.RETURN_TIMEOUT_PERIOD: lambda known: known.settings.return_timeout_s,
    P.RF_AVAILABLE_REQUIRED: lambda known: known.settings.rf_available_required,
    P.SUBCARRIER_TO_BIT_RATE_RATIO: lambda known: known.settings.subcarrier_ratio,
}
NOT_CONFIGURED = (P.CLCW_GLOBAL_VCID, P.CLCW_PHYSICAL_CHANNEL)


def cltu_answer(name: ParameterName | int, known: Known, version: int) -> Parameter | GetParameterDiagnostic:
    """Return the parameter, or why it cannot be told: unknown in this version, or not configured where it cannot say so."""
    if not isinstance(name, ParameterName) or name not in known_parameters(ServiceType.FCLTU, version):
        return GetParameterDiagnostic.UNKNOWN_PARAMETER
    value = VALUES[name](known)
    if value is None and name in NOT_CONFIGURED and version < 5:
        return GetParameterDiagnostic.OTHER_REASON
    return Parameter(name, value)
