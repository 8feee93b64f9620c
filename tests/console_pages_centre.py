"""The made-up centre with what the pages of operations ask for; every text that people or data give holds a script.

`python console_pages_centre.py PORT` serves it. What is done to it can be read at /done.
"""

import sys
from typing import Any

import uvicorn
from fastapi import HTTPException, Request

import console_centre as base
from aelita.console.application import dressed
from console_centre import API, EPOCH, app, rfc

BAD = "<script>window.hurt=1</script><img src=x onerror='window.hurt=2'>"
may = ["view", "log.write", "alarm.acknowledge", "alarm.shelve", "station.book", "audit", "admin", "complex.operate",
       "alarm.assign", "limits.override", "calibration.override"]  # fmt: skip
done: list[dict[str, Any]] = []
log: list[dict[str, Any]] = []
holes: list[dict[str, Any]] = []


def alarm(name: str, phase: str, severity: int, **more: Any) -> dict[str, Any]:
    counts = {"times": 3, "total_s": 9.0, "first": rfc(EPOCH), "last": rfc(EPOCH), "worst": "31", "worst_severity": severity}
    return {
        "owner": "esa", "alarm": name, "title": f"{name} {BAD}", "phase": phase, "severity": severity, "word": "critical",
        "value": "29.4", "since": rfc(EPOCH), "occurrence": 3, "calls": phase == "unacknowledged", "stale": False, "role": "",
        "person": "", "shelved_until": rfc(EPOCH + 9e6) if phase == "shelved" else None, "acknowledged_by": [],
        "counts": counts, "quiet": False,
    } | more  # fmt: skip


ALARMS = [
    alarm("limit:tgo:/TGO/THERMAL/T03", "unacknowledged", 4),
    alarm("link:malargue", "acknowledged", 2, acknowledged_by=["esa", "roscosmos"]),
    alarm("clock:machine", "shelved", 2),
    alarm("theirs", "unacknowledged", 3, owner="roscosmos"),
]


def event(n: int, severity: int = 1, level: str = "information") -> dict[str, Any]:
    return {
        "source": 1, "row": n, "spacecraft": "tgo", "utc": rfc(EPOCH - n), "severity": severity, "level": level,
        "name": f"event {n}", "message": f"report {n} {BAD}", "details": f'{{"field": "{n}"}}', "data": "0102",
    }  # fmt: skip


plain_snapshot = base.snapshot


def snapshot(topic: str, names: list[str]) -> list[dict[str, Any]]:
    if topic == "alarms":
        return ALARMS
    if topic == "links":
        return [*plain_snapshot(topic, names), base.link("malargue", "esa", False) | {"spacecraft": "hera"}]
    if topic == "events":
        new = {"kind": "report", "severity": "high", "s": "tgo", "t": rfc(EPOCH + 5), "rt": rfc(EPOCH + 9), "apid": 22}
        return [new | {"name": "live event", "message": f"just now {BAD}", "details": None}]
    if topic == "status":
        told = plain_snapshot(topic, names)[0]
        streams = [
            {"agency": "esa", "name": "FRAMES", "alive": True, "messages": 5, "per_s": 2.0, "octets": 9, "fill": 0.1,
             "mirror": False, "lag": None, "origin_s": None, "missing": 0, "fault": ""},
            {"agency": "esa", "name": "FROM_ROSCOSMOS_FRAMES", "alive": True, "messages": 5, "per_s": 2.0, "octets": 9,
             "fill": 0.1, "mirror": True, "lag": 7, "origin_s": 0.5, "missing": 0, "fault": BAD},
        ]  # fmt: skip
        return [
            told
            | {"agency": "esa", "streams": streams, "agencies": [{"key": "esa", "name": "ESA", "connected": True, "why": ""}]}
        ]
    return plain_snapshot(topic, names)


base.snapshot = snapshot


@app.get("/done")
async def told_done() -> list[dict[str, Any]]:
    return done


@app.post("/holes")
async def set_holes(request: Request) -> None:
    holes[:] = await request.json()


OWN = (
    "auth/me",
    "status",
    "events",
    "packets",
    "packets/1/{row}",
    "frames",
    "quarantine",
    "sources",
    "completeness",
    "database/containers",
    "clock",
)
app.router.routes[:] = [one for one in app.router.routes if getattr(one, "path", "") not in {f"{API}/{path}" for path in OWN}]


@app.get(f"{API}/auth/me")
async def me() -> dict[str, Any]:
    return {"user": "vera", "agency": "esa", "roles": ["director"], "may": base.control.get("may") or may}


def page(items: list[Any]) -> dict[str, Any]:
    return {"items": items, "next": None}


@app.get(f"{API}/status")
async def status() -> dict[str, Any]:
    return {"spacecraft": ["tgo"]}


def packet(n: int) -> dict[str, Any]:
    return {
        "source": 1, "row": n, "spacecraft": "tgo", "utc": rfc(EPOCH - n), "received": rfc(EPOCH), "apid": 22,
        "virtual_channel": 0, "sequence_count": 100 + n, "length": 10, "quality": 4, "flags": ["incomplete"], "frame": 1,
    }  # fmt: skip


@app.get(f"{API}/packets")
async def packets(apid: int | None = None) -> dict[str, Any]:
    return page([packet(n) for n in range(40)] if apid in (None, 22) else [])


FIELDS = [
    ("version", 0, 3, 0), ("type", 3, 1, 0), ("flag", 4, 1, 1), ("apid", 5, 11, 22), ("/TGO/temperature", 48, 16, 4660),
    ("/TGO/mode", 64, 4, 5), ("/TGO/state", 68, 4, 6),
]  # fmt: skip


@app.get(API + "/packets/1/{row}")
async def one_packet(row: int) -> dict[str, Any]:
    fields = [
        {"name": name, "parameter": name if "/" in name else None, "bit_offset": at, "bits": bits, "raw": raw,
         "value": BAD if name == "/TGO/mode" else raw, "units": "", "type": "Integer", "description": "", "good": True}
        for name, at, bits, raw in FIELDS
    ]  # fmt: skip
    return packet(row) | {
        "octets": "081600000003123456ff", "fields": fields, "container": "/TGO/HK", "database": 1, "faults": [BAD],
    }  # fmt: skip


@app.get(f"{API}/frames")
async def frames() -> dict[str, Any]:
    raise HTTPException(503, "nothing is archived yet")


@app.get(f"{API}/quarantine")
async def quarantine() -> dict[str, Any]:
    return page([])


@app.get(f"{API}/sources")
async def sources() -> dict[str, Any]:
    return page([{"source": 1, "name": BAD}, {"source": 2, "name": "recording"}])


@app.get(f"{API}/completeness")
async def completeness() -> dict[str, Any]:
    missing = sum(one["lost"] for one in holes)
    channel = {"source": None, "virtual_channel": 0, "frames": 1000, "bad": 0, "resent": 0, "late": 0, "gaps": len(holes),
               "lost": missing, "missing": missing, "first_received": rfc(EPOCH - 99), "last_received": rfc(EPOCH)}  # fmt: skip
    process = {"source": None, "apid": 22, "packets": 500, "bad": 0, "gaps": 0, "missing": 0, "restarts": 0,
               "first": rfc(EPOCH - 100), "last": rfc(EPOCH)}  # fmt: skip
    return {"spacecraft": "tgo", "channels": [channel, channel | {"source": 1}], "packets": [process], "gaps": holes,
            "gaps_total": len(holes), "missing": [], "missing_total": 0}  # fmt: skip


@app.get(f"{API}/events")
async def events(severity: int = 0, search: str = "") -> dict[str, Any]:
    all_of = [event(n) for n in range(30)] + [event(99, 3, "medium")]
    return page([one for one in all_of if one["severity"] >= severity and search in one["message"]])


@app.get(f"{API}/limits")
async def limits() -> dict[str, Any]:
    return page([{"source": 1, "row": 1, "spacecraft": "tgo", "utc": rfc(EPOCH), "parameter": "/TGO/T", "before": 0, "after": 4,
                  "level": "critical", "value": 31.5, "text": None}])  # fmt: skip


@app.get(API + "/alarms/{owner}/{name:path}/history")
async def history(owner: str, name: str) -> dict[str, Any]:
    return page([{"at": rfc(EPOCH), "agency": owner, "user": "vera", "event": "raise", "what": "", "words": "", "comment": BAD,
                  "phase": "unacknowledged", "severity": 4, "value": "31", "number": 1}])  # fmt: skip


@app.post(API + "/alarms/{what}")
async def act(what: str, request: Request) -> dict[str, Any]:
    body = await request.json()
    if body.get("comment") == "refuse":
        raise HTTPException(409, "The alarm server refuses.")
    done.append({"what": what, **body})
    return {"done": True, "note": ""}


@app.get(f"{API}/stations")
async def stations() -> dict[str, Any]:
    return page([{"key": "malargue", "name": "Malargüe", "agency": "esa", "dish_m": 35.0, "minimum_elevation_deg": 10.0,
                  "operated": True, "bands": ["X"], "last_contact": None, "booked": []}])  # fmt: skip


@app.get(f"{API}/contacts")
async def contacts() -> dict[str, Any]:
    at = {"station": "malargue", "spacecraft": "tgo", "agencies": ["esa"], "now": True}
    return page([{**at, "kind": "booking", "reference": "b1", "start": rfc(EPOCH - 600), "stop": rfc(EPOCH + 6000)},
                 {**at, "kind": "contact", "reference": "b1", "start": rfc(EPOCH - 500), "stop": rfc(EPOCH), "frames": 77}])  # fmt: skip


@app.post(f"{API}/bookings")
async def book(request: Request) -> dict[str, Any]:
    done.append({"what": "book", **await request.json()})
    return {"warnings": ["below the horizon"]}


@app.delete(API + "/bookings/{station}/{reference}", status_code=204)
async def cancel(station: str, reference: str) -> None:
    done.append({"what": "cancel", "station": station, "reference": reference})


@app.get(f"{API}/database")
async def database() -> dict[str, Any]:
    return {"name": "TGO", "version": "1", "date": "", "file": "", "digest": "", "fixed": 1, "counts": {"parameters": 5},
            "roots": ["/TGO/HK"], "findings": []}  # fmt: skip


@app.get(f"{API}/database/search")
async def search_database(of_type: str = "") -> dict[str, Any]:
    if of_type:
        return page([{"kind": "parameter", "name": base.NAMES[3], "description": BAD, "alias": None}])
    return page([{"kind": "parameter", "name": base.NAMES[0], "description": BAD, "alias": None}])


@app.get(API + "/database/containers/{name:path}")
async def container(name: str) -> dict[str, Any]:
    fields = [{"column": f"/TGO/f{k}", "parameter": f"/TGO/f{k}", "first_bit": 8 * k, "octet": k, "bit_of_octet": 0, "bits": 8,
               "type": "u8"} for k in range(6)]  # fmt: skip
    return {"name": f"/{name}", "description": BAD, "lineage": [{"container": "/TGO/Base", "when": "apid == 3", "abstract": True}],
            "children": [], "fields": fields, "bits": 48, "fixed": True, "dynamic": "", "stop": ""}  # fmt: skip


@app.get(f"{API}/database/versions")
async def versions() -> list[dict[str, Any]]:
    return [{"number": n, "file": "tgo.xml", "name": "TGO", "version": f"{n}.0", "date": "", "digest": "", "current": n == 2,
             "sources": [1], "parameters": 5, "containers": 2} for n in (1, 2)]  # fmt: skip


@app.get(f"{API}/database/compare")
async def compare(before: int, after: int) -> dict[str, Any]:
    return {"changes": [{"effect": "decoding", "kind": "parameter", "name": f"/TGO/changed{before}to{after}", "aspect": "bits",
                         "before": "8", "after": "16"}]}  # fmt: skip


@app.get(f"{API}/agencies")
async def agencies() -> dict[str, Any]:
    basis = {"grade": "stated", "source": BAD}
    months = {"public_after_months": 6}
    return {
        "agency": "esa", "next_change": None,
        "agencies": [{"key": "esa", "name": "ESA", "domain": "esa", "part": "lead", "own": True, "here": True, **basis}],
        "centres": [{"key": "moc", "name": "MOC", "agency": "esa", "place": "", "tasks": [], **basis}],
        "roles": [{"key": "director", "title": "Director", "centres": ["moc"], "may": ["view", "alarm.shelve"]}],
        "spacecraft": [{"key": "tgo", "agency": "esa", "relayed_by": [], "followed": True}],
        "instruments": [{"key": "nomad", "name": "NOMAD", "spacecraft": "tgo", "agency": "esa", "lead": "", "measures": "", "apids": [1],
                         "collections": [{"title": "Raw", "key": "raw", **months}], "may_have": False, "why": "not given", **basis}],
        "gives": [{"giver": "esa", "receiver": "roscosmos", "kind": "frames", "spacecraft": "tgo", "only": [], "start": None,
                   "stop": None, "now": True, **basis}],
        "shared_alarms": [{"spacecraft": "tgo", "agencies": ["esa", "roscosmos"], "least_severity": "warning"}], "mirrors": [],
        "rights": {"agencies": ["esa"], "exceptions": [], **months, **basis},
    }  # fmt: skip


@app.get(f"{API}/log")
async def read_log(search: str = "") -> dict[str, Any]:
    return page([one for one in reversed(log) if search in one["text"]])


@app.post(f"{API}/log")
async def write_log(request: Request) -> dict[str, Any]:
    entry = {"number": len(log) + 1, "at": rfc(EPOCH), "mission_at": rfc(EPOCH), "user": "vera", "spacecraft": "", "refers": None,
             "corrects": False, "corrected_by": [], **await request.json()}  # fmt: skip
    log.append(entry)
    return entry


@app.get(f"{API}/log/handover")
async def handover() -> dict[str, Any]:
    return {"since": rfc(EPOCH), "now": rfc(EPOCH), "alive": True, "last": None, "alarms": ALARMS, "overrides": [], "links": [],
            "services": [BAD], "bookings": [], "anomalies": [], "passes": [], "entries": log}  # fmt: skip


@app.get(f"{API}/admin/users")
async def users() -> dict[str, Any]:
    return {"roles": [{"role": "director", "title": "Director", "may": ["view"]}],
            "items": [{"user": "vera", "title": BAD, "roles": ["director"], "may": ["view"], "active": True, "login": "password",
                       "created": rfc(EPOCH), "last_login": None}]}  # fmt: skip


@app.post(f"{API}/admin/users")
async def add_user(request: Request) -> dict[str, Any]:
    done.append({"what": "user", **await request.json()})
    return {"user": "ivan", "link": "http://here/first?code=once"}


tokens: list[dict[str, Any]] = []


@app.get(f"{API}/auth/tokens")
async def list_tokens() -> dict[str, Any]:
    return {"items": tokens}


@app.post(f"{API}/auth/tokens")
async def make_token(request: Request) -> dict[str, Any]:
    body = await request.json()
    one = {"id": "t1", "user": "vera", "created": rfc(EPOCH), "expires": rfc(EPOCH), "last_used": None, "expired": False}
    tokens.append(one | {"name": body["name"], "scopes": body["scopes"]})
    return {**tokens[-1], "token": "secret-shown-once"}


@app.get(f"{API}/admin/audit")
async def audit() -> dict[str, Any]:
    return page([{"number": 1, "utc": rfc(EPOCH), "user": "vera", "how": "session", "token": "", "address": "127.0.0.1",
                  "action": "alarm.shelve", "details": {"comment": BAD}}])  # fmt: skip


@app.get(f"{API}/admin/backups")
async def backups() -> dict[str, Any]:
    return {"folder": "backups", "items": []}


overrides: list[dict[str, Any]] = []


@app.get(f"{API}/overrides")
async def list_overrides() -> dict[str, Any]:
    return page(overrides)


@app.post(f"{API}/overrides")
async def override(request: Request) -> dict[str, Any]:
    body = await request.json()
    done.append({"what": "override", **body})
    kind = "limits" if body.get("limits") is not None else "calibration"
    overrides.append({"spacecraft": body["spacecraft"], "parameter": body["parameter"], "kind": kind, "before": "no limits",
                      "now": BAD, "until": rfc(base.mission() + 9000), "by": "vera", "reason": body["reason"]})  # fmt: skip
    return {"done": True, "note": ""}


@app.delete(f"{API}/overrides")
async def end_override(parameter: str, kind: str, spacecraft: str, reason: str = "") -> dict[str, Any]:
    done.append({"what": "withdraw", "parameter": parameter, "kind": kind, "spacecraft": spacecraft, "reason": reason})
    overrides.clear()
    return {"done": True, "note": ""}


@app.get(f"{API}/latest")
async def latest(search: str) -> dict[str, Any]:
    return page([{"parameter": name, "value": 27.5, "raw": 2750, "units": "degC"} for name in base.NAMES if name == search])


@app.get(f"{API}/clock")
async def clock() -> dict[str, Any]:
    return base.clock()


deliveries: list[dict[str, Any]] = []


@app.get(f"{API}/deliveries")
async def list_deliveries() -> dict[str, Any]:
    return page(deliveries)


@app.post(f"{API}/deliveries", status_code=201)
async def add_delivery(request: Request) -> dict[str, Any]:
    body = await request.json()
    done.append({"what": "deliver", **body})
    rule = {"apids": [], "names": [], "raw": False, "paused": False} | {k: v for k, v in body.items() if k != "title"}
    deliveries.append({"id": 7, "title": body["title"], "owner": "vera", "rule": rule, "created": rfc(EPOCH), "last": 2,
                       "oldest_kept": 1, "kept": 2, "kept_octets": 4096, "fault": ""})  # fmt: skip
    return deliveries[-1]


@app.patch(API + "/deliveries/{ident}")
async def change_delivery(ident: int, request: Request) -> dict[str, Any]:
    body = await request.json()
    done.append({"what": "change delivery", "id": ident, **body})
    deliveries[0]["rule"] |= body
    return deliveries[0]


@app.delete(API + "/deliveries/{ident}", status_code=204)
async def end_delivery(ident: int) -> None:
    done.append({"what": "end delivery", "id": ident})
    deliveries.clear()


@app.get(API + "/deliveries/{ident}/batches")
async def batches(ident: int, after: int = 0) -> dict[str, Any]:
    items = [{"number": n, "digest": "ab", "octets": 2048, "rows": 10 * n, "first": rfc(EPOCH), "last": rfc(EPOCH + n),
              "made": rfc(EPOCH), "gone": False, "path": ""} for n in (1, 2) if n > after]  # fmt: skip
    return {"items": items, "next": 2, "more": False}


@app.get(f"{API}/admin/sessions")
async def list_sessions() -> dict[str, Any]:
    at = {"begun": rfc(EPOCH), "last_used": rfc(EPOCH), "expires": rfc(EPOCH)}
    return page([{"id": "0f" * 8, "user": BAD, "address": "10.0.0.7", "own": False, **at}])


@app.delete(API + "/admin/sessions/{ident}", status_code=204)
async def end_session(ident: str) -> None:
    done.append({"what": "end session", "id": ident})


@app.get(f"{API}/admin/machine")
async def machine() -> dict[str, Any]:
    return {"version": "0", "python": "3", "system": "Linux", "processors": 2, "load": 0.5, "memory": 1 << 34, "disk": 1 << 40,
            "memory_free": 1 << 33, "disk_free": 1 << 30, "folder": BAD}  # fmt: skip


@app.get(f"{API}/auth/first")
async def first_about(code: str) -> dict[str, Any]:
    if code != "good":
        raise HTTPException(403, "The link is used.")
    roles = [{"role": "director", "title": f"Director {BAD}", "may": ["view", "alarm.acknowledge"], "given": False},
             {"role": "administrator", "title": "Administrator", "may": ["admin"], "given": True}]  # fmt: skip
    return {"user": "", "roles": roles}


@app.post(f"{API}/auth/first")
async def first(request: Request) -> dict[str, Any]:
    done.append({"what": "first", **await request.json()})
    return {}


if __name__ == "__main__":
    uvicorn.run(dressed(app, "ExoMars", "esa", lambda made: made), port=int(sys.argv[1]), log_level="warning")
