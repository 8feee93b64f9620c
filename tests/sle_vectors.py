"""Recorded SLE PDUs: their octets, service, version and the field values that an independent codec gave."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from aelita import sle
from aelita.sle import ServiceType
from shared import shared

SERVICES = {"raf": ServiceType.RAF, "rcf": ServiceType.RCF, "rocf": ServiceType.ROCF}


@dataclass(frozen=True)
class Recorded:
    """One PDU."""

    label: str
    service: ServiceType
    version: int
    name: str
    octets: bytes
    fields: Any


@cache
def recorded() -> tuple[Recorded, ...]:
    """Return every PDU of the return services in the vector files."""
    sessions = json.loads(shared("data/vectors/sle_raf_rcf_sessions.json").read_text())
    extra = json.loads(shared("data/vectors/sle_pdus_extra.json").read_text())["vectors"]
    found = []
    for number, session in enumerate(sessions):
        for place, entry in enumerate(e for e in session["exchange"] if e.get("kind") == "pdu"):
            label = f"session {number} message {place} {entry['pdu']}"
            octets = bytes.fromhex(entry["tml_hex"])[8:]
            found.append(Recorded(label, SERVICES[session["service"]], session["version"], entry["pdu"], octets, entry["fields"]))
    for vector in extra:
        service = next((kind for name, kind in SERVICES.items() if vector["pdu"].startswith(name)), None)
        if service is not None:
            version = 4 if vector["type"].endswith("V4") else 5
            octets = bytes.fromhex(vector["hex"])
            found.append(Recorded(vector["label"], service, version, vector["pdu"], octets, vector["fields"]))
    return tuple(found)


def peer_sessions() -> list[dict[str, Any]]:
    """Return the recorded sessions as they stand in the file."""
    return json.loads(shared("data/vectors/sle_raf_rcf_sessions.json").read_text())


def fields_of(pdu: Any) -> Any:
    """Return a PDU in the form in which the vector files tell their fields, made apart from the codec's grammar."""
    return _FORMS[type(pdu)](pdu)


def _credentials(pdu: Any) -> Any:
    return {"unused": None} if pdu.credentials is None else {"used": pdu.credentials.octets.hex()}


def _time(tai_ns: int, ps: int | None) -> Any:
    day, of_day = divmod(tai_ns - 37 * 10**9, 86_400 * 10**9)  # every recorded time is of 2026
    lead = (day + 4383).to_bytes(2) + (of_day // 10**6).to_bytes(4)
    if ps is None:
        return {"ccsdsFormat": (lead + (of_day % 10**6 // 1000).to_bytes(2)).hex()}
    return {"ccsdsPicoFormat": (lead + (of_day % 10**6 * 1000 + ps).to_bytes(4)).hex()}


def _conditional(tai_ns: int | None, ps: int | None) -> Any:
    return {"undefined": None} if tai_ns is None else {"known": _time(tai_ns, ps)}


def _diagnostic(value: Any, specific: bool = True) -> Any:
    if value is None:
        return {"positiveResult": None}
    if not specific:
        return {"negativeResult": int(value)}
    return {"negativeResult": {"common" if value >= 100 else "specific": int(value)}}


def _channel(gvcid: sle.Gvcid) -> Any:
    choice = {"masterChannel": None} if gvcid.channel is None else {"virtualChannel": gvcid.channel}
    return {"spacecraftId": gvcid.spacecraft, "versionNumber": gvcid.version, "vcId": choice}


def _channels(group: sle.GvcidSet) -> Any:
    choice = {"masterChannel": None} if group.channels is None else {"vcList": list(group.channels)}
    return {"spacecraftId": group.spacecraft, "versionNumber": group.version, "mcOrVcList": choice}


def _request(request: Any) -> Any:
    if isinstance(request, sle.FrameQuality):
        return {"requestedFrameQuality": int(request)}
    if isinstance(request, sle.Gvcid):
        return {"requestedGvcId": _channel(request)}
    kind = request.control_words
    tc_vcid = {"noTcVC": None} if request.tc_vcid is None else {"tcVcid": request.tc_vcid}
    name = {0: "allControlWords", 1: "clcw", 2: "notClcw"}[kind]
    words = {name: tc_vcid if kind == 1 else None}
    return {"requestedGvcId": _channel(request.channel), "controlWordType": words, "updateMode": int(request.update_mode)}


def _attributes(text: str) -> Any:
    leaves = {"sagr": 52, "spack": 53, "rsl-fg": 38, "fsl-fg": 14, "raf": 22, "rcf": 46, "rocf": 49, "cltu": 7}
    pairs = (part.split("=") for part in text.split("."))
    return [[(leaves[name], value)] for name, value in pairs]


def _bind(pdu: sle.Bind) -> Any:
    return {
        "invokerCredentials": _credentials(pdu),
        "initiatorIdentifier": pdu.initiator,
        "responderPortIdentifier": pdu.responder_port,
        "serviceType": int(pdu.service_type),
        "versionNumber": pdu.version,
        "serviceInstanceIdentifier": _attributes(pdu.service_instance),
    }


def without_arcs(fields: Any) -> Any:
    """Return recorded fields with the leaves of the attributes in place of their whole object identifiers."""
    if not isinstance(fields, dict) or "serviceInstanceIdentifier" not in fields:
        return fields
    attributes = [
        [(int(one["identifier"].split(".")[-1]), one["siAttributeValue"]) for one in group]
        for group in fields["serviceInstanceIdentifier"]
    ]
    return {**fields, "serviceInstanceIdentifier": attributes}


def _bind_return(pdu: sle.BindReturn) -> Any:
    accepted = isinstance(pdu.result, sle.BindAccepted)
    result = {"positive": pdu.result.version} if accepted else {"negative": int(pdu.result)}
    return {"performerCredentials": _credentials(pdu), "responderIdentifier": pdu.responder, "result": result}


def _start(pdu: sle.Start) -> Any:
    return {
        "invokerCredentials": _credentials(pdu),
        "invokeId": pdu.invoke_id,
        "startTime": _conditional(pdu.start, pdu.start_ps),
        "stopTime": _conditional(pdu.stop, pdu.stop_ps),
        **_request(pdu.request),
    }


def _schedule(pdu: sle.ScheduleStatusReport) -> Any:
    request = {0: {"immediately": None}, 1: {"periodically": pdu.cycle_s}, 2: {"stop": None}}[pdu.request]
    return {"invokerCredentials": _credentials(pdu), "invokeId": pdu.invoke_id, "reportRequestType": request}


def _element(element: Any) -> Any:
    if isinstance(element, sle.SyncNotification):
        return {"syncNotification": {"invokerCredentials": _credentials(element), "notification": _notification(element)}}
    ocf = isinstance(element, sle.AnnotatedOcf)
    quality = {} if ocf or element.quality is None else {"deliveredFrameQuality": int(element.quality)}
    local = isinstance(element.antenna, bytes)
    antenna = {"localForm": element.antenna.hex()} if local else {"globalForm": ".".join(map(str, element.antenna))}
    fields = {
        "invokerCredentials": _credentials(element),
        "earthReceiveTime": _time(element.received_at, element.received_at_ps),
        "antennaId": antenna,
        "dataLinkContinuity": element.continuity,
        "privateAnnotation": {"null": None} if element.annotation is None else {"notNull": element.annotation.hex()},
        "data": element.data.hex(),
        **quality,
    }
    return {"annotatedOcf" if ocf else "annotatedFrame": fields}


def _notification(element: sle.SyncNotification) -> Any:
    match element.notification:
        case sle.LossOfFrameSync() as loss:
            locks = {"carrierLockStatus": loss.carrier, "subcarrierLockStatus": loss.subcarrier}
            return {"lossFrameSync": {"time": _time(loss.at, loss.at_ps), **locks, "symbolSyncLockStatus": loss.symbol_sync}}
        case sle.ProductionStatusChange(status):
            return {"productionStatusChange": status}
        case sle.ExcessiveBacklog():
            return {"excessiveDataBacklog": None}
    return {"endOfData": None}


def _status(pdu: Any) -> Any:
    counts = {
        sle.RafStatusReport: {"errorFreeFrameNumber": "error_free_frames", "deliveredFrameNumber": "delivered_frames"},
        sle.RcfStatusReport: {"deliveredFrameNumber": "delivered_frames"},
        sle.RocfStatusReport: {"processedFrameNumber": "processed_frames", "deliveredOcfsNumber": "delivered_ocfs"},
    }[type(pdu)]
    return {
        "invokerCredentials": _credentials(pdu),
        **{name: getattr(pdu, attribute) for name, attribute in counts.items()},
        "frameSyncLockStatus": pdu.frame_sync,
        "symbolSyncLockStatus": pdu.symbol_sync,
        "subcarrierLockStatus": pdu.subcarrier,
        "carrierLockStatus": pdu.carrier,
        "productionStatus": pdu.production,
    }


def _returned(pdu: Any, credentials: str = "performerCredentials", specific: bool = True) -> Any:
    return {credentials: _credentials(pdu), "invokeId": pdu.invoke_id, "result": _diagnostic(pdu.diagnostic, specific)}


def _got(pdu: sle.GetParameterReturn) -> Any:
    if not isinstance(pdu.result, sle.Parameter):
        result = _diagnostic(pdu.result)
    else:
        result = {"positiveResult": {"parameterName": int(pdu.result.name), "parameterValue": _value(pdu.result)}}
    return {"performerCredentials": _credentials(pdu), "invokeId": pdu.invoke_id, "result": result}


def _value(parameter: sle.Parameter) -> Any:
    value = parameter.value
    match parameter.name:
        case sle.ParameterName.LATENCY_LIMIT:
            return {"offline": None} if value is None else {"online": value}
        case sle.ParameterName.REPORTING_CYCLE:
            return {"periodicReportingOff": None} if value is None else {"periodicReportingOn": value}
        case sle.ParameterName.PERMITTED_GVCID_SET:
            return [_channels(group) for group in value]
        case sle.ParameterName.PERMITTED_TC_VCID_SET:
            return {"noTcVC": None} if value is None else {"tcVcids": list(value)}
        case sle.ParameterName.REQUESTED_TC_VCID:
            return {"undefined": None} if value is sle.UNDEFINED else {"noTcVC": None} if value is None else {"tcVcid": value}
        case sle.ParameterName.REQUESTED_GVCID:
            return {"undefined": None} if value is sle.UNDEFINED else _channel(value)
    return list(map(int, value)) if isinstance(value, tuple) else int(value)


def bare_parameter(fields: Any) -> Any:
    """Return recorded fields of a GET-PARAMETER return without the names of its choices, which tell nothing more."""
    result = fields.get("result", {}) if isinstance(fields, dict) else {}
    chosen = result.get("positiveResult")
    if not isinstance(chosen, dict):
        return fields
    (parameter,) = chosen.values()
    value = parameter["parameterValue"]
    if isinstance(value, dict) and set(value) == {"gvcid"}:
        value = value["gvcid"]
    return {**fields, "result": {"positiveResult": {**parameter, "parameterValue": value}}}


_FORMS: dict[type, Any] = {
    sle.Bind: _bind,
    sle.BindReturn: _bind_return,
    sle.Unbind: lambda p: {"invokerCredentials": _credentials(p), "unbindReason": int(p.reason)},
    sle.UnbindReturn: lambda p: {"responderCredentials": _credentials(p), "result": {"positive": None}},
    sle.PeerAbort: lambda p: int(p.diagnostic),
    sle.Start: _start,
    sle.StartReturn: _returned,
    sle.Stop: lambda p: {"invokerCredentials": _credentials(p), "invokeId": p.invoke_id},
    sle.StopReturn: lambda p: _returned(p, "credentials", specific=False),
    sle.ScheduleStatusReport: _schedule,
    sle.ScheduleStatusReportReturn: _returned,
    sle.GetParameter: lambda p: {
        "invokerCredentials": _credentials(p),
        "invokeId": p.invoke_id,
        "parameter": int(p.parameter),
    },
    sle.GetParameterReturn: _got,
    sle.TransferBuffer: lambda p: [_element(element) for element in p.elements],
    sle.RafStatusReport: _status,
    sle.RcfStatusReport: _status,
    sle.RocfStatusReport: _status,
}
