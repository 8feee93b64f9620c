"""What a provider answers to GET-PARAMETER."""

from collections.abc import Callable
from dataclasses import dataclass

from .codec import known_parameters
from .instances import InstanceSettings
from .pdus import Gvcid, OcfSelection, Parameter, Request, Value
from .terms import (
    UNDEFINED,
    ControlWordType,
    FrameQuality,
    GetParameterDiagnostic,
    ParameterName,
    ServiceType,
    UpdateMode,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer depends on: the instance, its cycle of reports (None: off) and what START asked for (None: not active)."""

    settings: InstanceSettings
    cycle_s: int | None
    request: Request | None


def _words(asked: Asked) -> OcfSelection | None:
    return asked.request if isinstance(asked.request, OcfSelection) else None


def _channel(asked: Asked) -> Value:
    if isinstance(asked.request, OcfSelection):
        return asked.request.channel
    return asked.request if isinstance(asked.request, Gvcid) else UNDEFINED


def _quality(asked: Asked) -> Value:
    return asked.request if isinstance(asked.request, FrameQuality) else FrameQuality.UNDEFINED


def _tc_vcid(asked: Asked) -> Value:
    words = _words(asked)
    return UNDEFINED if words is None else words.tc_vcid


def _control_words(asked: Asked) -> Value:
    words = _words(asked)
    return ControlWordType.UNDEFINED if words is None else words.control_words


def _update_mode(asked: Asked) -> Value:
    words = _words(asked)
    return UpdateMode.UNDEFINED if words is None else words.update_mode


P = ParameterName
VALUES: dict[ParameterName, Callable[[Asked], Value]] = {
    P.BUFFER_SIZE: lambda asked: asked.settings.buffer_size,
    P.DELIVERY_MODE: lambda asked: asked.settings.mode,
    P.LATENCY_LIMIT: lambda asked: asked.settings.latency_s if asked.settings.is_online else None,
    P.REPORTING_CYCLE: lambda asked: asked.cycle_s,
    P.RETURN_TIMEOUT_PERIOD: lambda asked: asked.settings.return_timeout_s,
    P.MIN_REPORTING_CYCLE: lambda asked: asked.settings.min_reporting_cycle_s,
    P.PERMITTED_FRAME_QUALITY: lambda asked: asked.settings.qualities,
    P.REQUESTED_FRAME_QUALITY: _quality,
    P.PERMITTED_GVCID_SET: lambda asked: asked.settings.channels,
    P.REQUESTED_GVCID: _channel,
    P.PERMITTED_CONTROL_WORD_TYPE_SET: lambda asked: asked.settings.control_words,
    P.PERMITTED_TC_VCID_SET: lambda asked: asked.settings.tc_vcids,
    P.PERMITTED_UPDATE_MODE_SET: lambda asked: asked.settings.update_modes,
    P.REQUESTED_CONTROL_WORD_TYPE: _control_words,
    P.REQUESTED_TC_VCID: _tc_vcid,
    P.REQUESTED_UPDATE_MODE: _update_mode,
}
_UNDEFINED = (UNDEFINED, FrameQuality.UNDEFINED, ControlWordType.UNDEFINED, UpdateMode.UNDEFINED)


def answer(name: ParameterName | int, asked: Asked, version: int) -> Parameter | GetParameterDiagnostic:
    """Return the parameter, or why it cannot be told: unknown in this version, or undefined where the version cannot say so."""
    service = asked.settings.service
    if not isinstance(name, ParameterName) or name not in known_parameters(service, version):
        return GetParameterDiagnostic.UNKNOWN_PARAMETER
    value = VALUES[name](asked)
    is_undefined = any(value is nothing for nothing in _UNDEFINED)
    if is_undefined and version == 5 and service is not ServiceType.RCF:  # version 5 has an undefined value in RCF only
        return GetParameterDiagnostic.OTHER_REASON
    return Parameter(name, value)
