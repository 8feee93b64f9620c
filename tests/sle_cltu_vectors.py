"""Recorded PDUs of the forward CLTU service, and the field values that an independent codec gave."""

import json
from functools import cache
from typing import Any

from aelita import sle
from aelita.sle import cltu_pdus
from aelita.sle.pdus import GetParameterReturn, Parameter
from shared import shared
from sle_vectors import Recorded, _conditional, _credentials, _diagnostic, _time, fields_of, without_arcs

FCLTU = sle.ServiceType.FCLTU
NOTICES = ("cltuRadiated", "slduExpired", "productionInterrupted", "productionHalted", "productionOperational", "bufferEmpty",
           "actionListCompleted", "actionListNotCompleted", "eventConditionEvFalse")  # fmt: skip


def cltu_sessions() -> list[dict[str, Any]]:
    """Return the recorded sessions as they stand in the file."""
    return json.loads(shared("data/vectors/sle_cltu_sessions.json").read_text())


@cache
def recorded_cltu() -> tuple[Recorded, ...]:
    """Return every PDU of the service in the vector files."""
    found = []
    for number, session in enumerate(cltu_sessions()):
        for place, entry in enumerate(e for e in session["exchange"] if e.get("kind") == "pdu"):
            label = f"session {number} message {place} {entry['pdu']}"
            octets = bytes.fromhex(entry["tml_hex"])[8:]
            found.append(Recorded(label, FCLTU, session["version"], entry["pdu"], octets, entry["fields"]))
    extra = json.loads(shared("data/vectors/sle_pdus_extra.json").read_text())["vectors"]
    for vector in (one for one in extra if one["pdu"].startswith("cltu")):
        octets = bytes.fromhex(vector["hex"])
        found.append(Recorded(vector["label"], FCLTU, 5, vector["pdu"], octets, vector["fields"]))
    return tuple(found)


def wanted_fields(entry: Recorded) -> Any:
    """Return the recorded fields without the names of choices that tell nothing more."""
    fields = without_arcs(entry.fields)
    if "GetParameterReturn" in entry.name and "positiveResult" in fields["result"]:
        (parameter,) = fields["result"]["positiveResult"].values()
        value = parameter["parameterValue"]
        if isinstance(value, dict) and set(value) <= {"congigured", "configured"}:  # so it is spelt in the definitions
            (value,) = value.values()
        return {**fields, "result": {"positiveResult": {**parameter, "parameterValue": value}}}
    return {("parameter" if name == "cltuParameter" else name): value for name, value in fields.items()}


def cltu_fields(pdu: Any) -> Any:
    """Return a PDU in the form in which the vector files tell their fields, made apart from the codec's grammar."""
    if isinstance(pdu, GetParameterReturn) and isinstance(pdu.result, Parameter):
        told = {"parameterName": int(pdu.result.name), "parameterValue": _value(pdu.result)}
        return {"performerCredentials": _credentials(pdu), "invokeId": pdu.invoke_id, "result": {"positiveResult": told}}
    form = _FORMS.get(type(pdu))
    return fields_of(pdu) if form is None else form(pdu)


def _value(parameter: Parameter) -> Any:
    if parameter.name is sle.ParameterName.REPORTING_CYCLE:
        return {"periodicReportingOff": None} if parameter.value is None else {"periodicReportingOn": parameter.value}
    if parameter.value is None:
        return {"notConfigured": None}
    if isinstance(parameter.value, sle.Gvcid):
        one = parameter.value
        choice = {"masterChannel": None} if one.channel is None else {"virtualChannel": one.channel}
        return {"spacecraftId": one.spacecraft, "versionNumber": one.version, "vcId": choice}
    return parameter.value


def _head(pdu: Any, credentials: str) -> dict[str, Any]:
    return {credentials: _credentials(pdu), "invokeId": pdu.invoke_id}


def _start_return(pdu: cltu_pdus.CltuStartReturn) -> Any:
    times = pdu.result
    if isinstance(times, cltu_pdus.RadiationTimes):
        start, stop = _time(times.start, times.start_ps), _conditional(times.stop, times.stop_ps)
        result = {"positiveResult": {"startRadiationTime": start, "stopRadiationTime": stop}}
    else:
        result = _diagnostic(times)
    return {**_head(pdu, "performerCredentials"), "result": result}


def _transfer(pdu: cltu_pdus.CltuTransferData) -> Any:
    return {
        **_head(pdu, "invokerCredentials"),
        "cltuIdentification": pdu.cltu_id,
        "earliestTransmissionTime": _conditional(pdu.earliest, pdu.earliest_ps),
        "latestTransmissionTime": _conditional(pdu.latest, pdu.latest_ps),
        "delayTime": pdu.delay_us,
        "slduRadiationNotification": int(pdu.notification),
        "cltuData": pdu.data.hex(),
    }


def _transfer_return(pdu: cltu_pdus.CltuTransferDataReturn) -> Any:
    told = {"cltuIdentification": pdu.expected_cltu, "cltuBufferAvailable": pdu.buffer_available}
    return {**_head(pdu, "performerCredentials"), **told, "result": _diagnostic(pdu.diagnostic)}


def _throw(pdu: cltu_pdus.ThrowEvent) -> Any:
    told = {"eventInvocationIdentification": pdu.event_invocation, "eventIdentifier": pdu.event}
    return {**_head(pdu, "invokerCredentials"), **told, "eventQualifier": pdu.qualifier.hex()}


def _throw_return(pdu: cltu_pdus.ThrowEventReturn) -> Any:
    told = {"eventInvocationIdentification": pdu.expected_event, "result": _diagnostic(pdu.diagnostic)}
    return {**_head(pdu, "performerCredentials"), **told}


def _known(pdu: Any, production: str) -> dict[str, Any]:
    last, ok = pdu.last_processed, pdu.last_ok
    processed: Any = {"noCltuProcessed": None}
    if last is not None:
        begun = {"cltuIdentification": last.cltu_id, "startRadiationTime": _conditional(last.started, last.started_ps)}
        processed = {"cltuProcessed": {**begun, "cltuStatus": int(last.status)}}
    good: Any = {"noCltuOk": None}
    if ok is not None:
        good = {"cltuOk": {"cltuIdentification": ok.cltu_id, "stopRadiationTime": _time(ok.stopped, ok.stopped_ps)}}
    states = {production: int(pdu.production), "uplinkStatus": int(pdu.uplink)}
    return {"invokerCredentials": _credentials(pdu), "cltuLastProcessed": processed, "cltuLastOk": good, **states}


def _notify(pdu: cltu_pdus.AsyncNotify) -> Any:
    return {"cltuNotification": {NOTICES[pdu.notice]: pdu.event_invocation}, **_known(pdu, "productionStatus")}


def _report(pdu: cltu_pdus.CltuStatusReport) -> Any:
    return {
        **_known(pdu, "cltuProductionStatus"),
        "numberOfCltusReceived": pdu.received,
        "numberOfCltusProcessed": pdu.processed,
        "numberOfCltusRadiated": pdu.radiated,
        "cltuBufferAvailable": pdu.buffer_available,
    }


_FORMS: dict[type, Any] = {
    cltu_pdus.CltuStart: lambda p: {**_head(p, "invokerCredentials"), "firstCltuIdentification": p.first_cltu},
    cltu_pdus.CltuStartReturn: _start_return,
    cltu_pdus.CltuTransferData: _transfer,
    cltu_pdus.CltuTransferDataReturn: _transfer_return,
    cltu_pdus.ThrowEvent: _throw,
    cltu_pdus.ThrowEventReturn: _throw_return,
    cltu_pdus.AsyncNotify: _notify,
    cltu_pdus.CltuStatusReport: _report,
}
