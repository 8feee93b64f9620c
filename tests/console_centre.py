"""A made-up centre for the pages of the console: it answers like the interface, and can fall silent in every way a test needs.

`python console_centre.py PORT` serves it. POST /control {"ticks": false} stops its ticks, {"streams": "lost"} its streams,
{"values": false} its values, {"session": false} ends the session; "refuse" closes live sockets.
"""

import asyncio
import contextlib
import fnmatch
import json
import math
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response, WebSocket, WebSocketDisconnect

from aelita.console.application import dressed

EPOCH = datetime(2023, 5, 24, 18, 55, tzinfo=UTC).timestamp()
BEGAN = time.time()
HERA = ["/Hera/AOCS/T00", "/Hera/AOCS/U00"]  # of a second spacecraft
NAMES = [
    f"/TGO/{system}/{kind}{number:02d}" for system in ("THERMAL", "POWER", "AOCS") for kind in ("T", "U") for number in range(50)
] + HERA
UNITS = {"T": "degC", "U": "V"}
LIGHT_S = 1122.5
control: dict[str, Any] = {"ticks": True, "streams": "live", "values": True, "session": True, "refuse": False}
displays: dict[str, dict[str, Any]] = {}


def rfc(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")


def mission() -> float:
    return EPOCH + time.time() - BEGAN


def place(name: str) -> int:
    return NAMES.index(name) if name in NAMES else 0


def craft(name: str) -> str:
    return "hera" if name in HERA else "tgo"


def value(name: str, at: float) -> float:
    k = place(name)
    return 20 + k % 7 + (5 + k % 5) * math.sin(at / (20 + k % 13) + k)


def severity(name: str, at: float) -> int:
    v, k = value(name, at), place(name)
    return 0 if k % 3 else 4 if v > 29 else 2 if v > 26 else 0


MODE, MODES = "/TGO/AOCS/U49", ("NOMINAL", "SAFE", "SLEW", "MANOEUVRE")  # an enumeration


def mode(at: float) -> int:
    """Return the raw value of the enumeration."""
    return int(at / 20) % len(MODES)


def update(name: str, whole: bool) -> dict[str, Any]:
    at = mission()
    body = {"n": name, "s": craft(name), "v": value(name, at - LIGHT_S), "r": round(value(name, at - LIGHT_S) * 100), "q": True, "l": severity(name, at - LIGHT_S),
            "t": rfc(at - LIGHT_S), "rt": rfc(at)}  # fmt: skip
    if name == MODE:
        raw = mode(at)
        return body | {"v": MODES[raw], "r": raw, "l": 3 if MODES[raw] == "SAFE" else 0}
    return body | ({"u": UNITS[name.split("/")[-1][0]]} if whole else {})


def link(station: str, agency: str, locked: bool) -> dict[str, Any]:
    return {"agency": agency, "spacecraft": "tgo", "station": station, "heard_s": 0.4, "state": "active", "lock": "locked" if locked else "lost",
            "production": "running", "frames": 4021, "frames_per_s": 7.3 if locked else 0.0, "bit_rate": 65000.0 if locked else 0.0, "missed": 2,
            "last_frame_s": 0.2, "light_time_s": LIGHT_S, "elevation_deg": 34.5, "why": "", "alive": True}  # fmt: skip


def clock() -> dict[str, Any]:
    now = rfc(mission())
    tgo = {"spacecraft": "tgo", "scet": rfc(mission() - LIGHT_S), "owlt_s": LIGHT_S}
    return {
        "utc": rfc(time.time()),
        "mission": now,
        "ert": now,
        "speed": 1.0,
        "replayed": True,
        "spacecraft": [tgo, tgo | {"spacecraft": "hera"}],
    }


def wanted_of(asked: dict[str, Any]) -> list[str]:
    patterns, of = asked.get("names", ["*"]), asked.get("spacecraft", "")
    return [name for name in NAMES if any(fnmatch.fnmatchcase(name, one) for one in patterns) and of in ("", craft(name))]


def passing() -> list[dict[str, Any]]:
    count = int((time.time() - BEGAN) * 2) % 16384
    return [
        {
            "s": "tgo",
            "apid": apid,
            "seq": count,
            "q": True,
            "t": rfc(mission() - LIGHT_S),
            "rt": rfc(mission()),
            "vc": 0,
            "length": 40,
        }
        for apid in (22, 179)
    ]


def snapshot(topic: str, names: list[str]) -> list[dict[str, Any]]:
    now = rfc(mission())
    if topic == "packets":
        return passing()
    return {
        "links": [link("malargue", "esa", True), link("kalyazin", "roscosmos", False)],
        "alarms": [{"owner": "esa", "alarm": "limit:/TGO/THERMAL/T03", "title": "T03 above 29", "severity": 4, "state": "unacknowledged", "value": "29.4 degC",
                    "since": now, "calls": True}],
        "events": [{"spacecraft": "tgo", "t": now, "severity": "low", "message": f"<img src=x onerror=alert({n})> event {n}"} for n in range(8)],
        "clock": [clock()],
        "status": [{"spacecraft": ["tgo", "hera"], "links": [link("malargue", "esa", True)], "counts": [{"agency": "esa", "spacecraft": "tgo", "merged": 4021, "merged_per_s": 7.3, "holes": 1,
                   "packets_per_s": 41.0, "samples_per_s": 2210.0, "archive_lag_s": 1.4}], "services": [{"agency": "esa", "service": "receiver", "status": "well"},
                   {"agency": "esa", "service": "archiver", "status": "silent"}]}],
    }.get(topic, [])  # fmt: skip


@contextlib.asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


app = FastAPI(lifespan=nothing)
API = "/api/v1"


@app.middleware("http")
async def session(request: Request, call: Any) -> Response:
    path = request.url.path
    if path.startswith(API) and path != f"{API}/auth/login" and not known(request.cookies):
        return Response('{"detail":"Nobody is logged in."}', 401, media_type="application/problem+json")
    answer: Response = await call(request)
    return answer


def known(cookies: dict[str, str]) -> bool:
    return bool(control["session"]) and "aelita_session" in cookies


@app.post("/control")
async def controlled(request: Request) -> dict[str, Any]:
    control.update(await request.json())
    return control


@app.post(f"{API}/auth/login")
async def login(request: Request) -> Response:
    told = await request.json()
    if told.get("password") != "correct horse battery":
        return Response('{"detail":"User or password is wrong."}', 401, media_type="application/problem+json")
    control["session"] = True
    answer = Response("{}", media_type="application/json")
    answer.set_cookie("aelita_session", "s", httponly=True, samesite="strict")
    return answer


@app.post(f"{API}/auth/logout")
async def logout() -> Response:
    answer = Response("{}", media_type="application/json")
    answer.delete_cookie("aelita_session")
    return answer


@app.get(f"{API}/auth/me")
async def me() -> dict[str, Any]:
    return {
        "user": "vera",
        "agency": "esa",
        "roles": ["flight-director"],
        "may": ["view", "log.write", "audit", "complex.operate"],
    }


@app.get(f"{API}/parameters")
async def parameters(search: str = "", limit: int = 500) -> dict[str, Any]:
    found = [name for name in NAMES if search.lower() in name.lower()]
    return {"items": [definition(name) for name in found[:limit]], "next": None}


def definition(name: str) -> dict[str, Any]:
    limits = [{"text": "warning outside 10 to 26", "kind": "range", "severity": 2, "level": "warning", "minimum": 10, "maximum": 26, "outside": True, "when": None},
              {"text": "critical outside 5 to 29", "kind": "range", "severity": 4, "level": "critical", "minimum": 5, "maximum": 29, "outside": True, "when": None}]  # fmt: skip
    has = place(name) % 3 == 0
    if name == MODE:
        rules = [
            {"text": "distress when SAFE", "kind": "label", "severity": 3, "level": "distress", "label": "SAFE", "when": None}
        ]
        labels = [{"label": label, "value": raw, "maximum": raw} for raw, label in enumerate(MODES)]
        told = {"name": "mode", "kind": "Enumerated", "labels": labels}
        return {"name": name, "spacecraft": "tgo", "container": "/TGO/HK", "units": "", "type": told, "description": "Mode of the attitude control",
                "limits": rules, "limits_in_force": rules}  # fmt: skip
    return {"name": name, "spacecraft": craft(name), "container": "/TGO/HK", "units": UNITS[name.split("/")[-1][0]], "type": "Float", "description": "A made-up reading",
            "limits": limits if has else []}  # fmt: skip


@app.get(API + "/parameters/{name:path}")
async def parameter(name: str) -> dict[str, Any]:
    if f"/{name}" not in NAMES:
        raise HTTPException(404, f"There is no parameter {name!r}.")
    return definition(f"/{name}")


@app.get(f"{API}/samples")
async def samples(parameters: str, start: str = "", stop: str = "", count: int = 600) -> Response:
    names = parameters.split(",")
    a = datetime.fromisoformat(start[:26].rstrip("Z") + "+00:00").timestamp() if start else EPOCH - LIGHT_S - 86400
    b = datetime.fromisoformat(stop[:26].rstrip("Z") + "+00:00").timestamp() if stop else mission() - LIGHT_S
    step = max((b - a) / count, 1.0)
    t = np.arange(a, b, step)
    header = json.dumps(
        {"buckets": len(t), "bucket_s": step, "series": [{"name": n, "units": UNITS[n.split("/")[-1][0]]} for n in names]}
    ).encode()
    header += b" " * (-(4 + len(header)) % 8)
    parts = [t * 1000]
    for n in names:
        v = np.array([value(n, x) for x in t])
        v[(t % 3600 > 1800) & (t % 3600 < 2000)] = np.nan
        parts += [v - 0.4, v + 0.4, v, np.where(np.isnan(v), 0.0, 4.0)]
    return Response(
        len(header).to_bytes(4, "little") + header + np.concatenate(parts).astype("<f8").tobytes(),
        media_type="application/octet-stream",
    )


@app.get(f"{API}/status")
async def status() -> dict[str, Any]:
    return {**snapshot("status", [])[0], "spacecraft": ["tgo", "hera"]}


@app.get(f"{API}/events")
async def events() -> dict[str, Any]:
    told = [{**one, "source": 1, "row": n, "utc": one["t"], "name": "made up"} for n, one in enumerate(snapshot("events", []))]
    return {"items": told, "next": None}


@app.get(f"{API}/values")
async def values() -> Response:
    return Response("utc,value\n", media_type="text/csv")


def packet(n: int, apid: int = 179) -> dict[str, Any]:
    at = mission() - LIGHT_S - n
    return {"source": 1, "row": n, "spacecraft": "tgo", "utc": rfc(at), "received": rfc(at + LIGHT_S), "apid": apid, "virtual_channel": 0,
            "sequence_count": 100 + n, "length": 40, "quality": 0, "flags": [], "frame": n, "container": "/TGO/Attitude"}  # fmt: skip


@app.get(f"{API}/packets")
async def packets(apid: int | None = None, limit: int = 500) -> dict[str, Any]:
    return {"items": [packet(n) for n in range(min(limit, 60))] if apid in (None, 179) else [], "next": None}


@app.get(f"{API}/packets/1/{{row}}")
async def one_packet(row: int) -> dict[str, Any]:
    octets = bytes(range(40))
    fields = [{"name": "/TGO/apid", "bit_offset": 5, "bits": 11, "raw": 179, "value": 179, "units": ""},
              {"name": "/TGO/attitude_0", "bit_offset": 128, "bits": 32, "raw": 0.5, "value": 0.5, "units": ""}]  # fmt: skip
    return packet(row) | {"octets": octets.hex(), "fields": fields, "container": "/TGO/Attitude"}


@app.get(f"{API}/frames")
async def frames() -> dict[str, Any]:
    return {"items": [], "next": None}


@app.get(f"{API}/quarantine")
async def quarantine() -> dict[str, Any]:
    return {"items": [], "next": None}


@app.get(f"{API}/sources")
async def sources() -> dict[str, Any]:
    return {"items": [{"source": 1, "name": "made up"}], "next": None}


@app.get(f"{API}/completeness")
async def completeness() -> dict[str, Any]:
    first, last = rfc(EPOCH - LIGHT_S - 600), rfc(EPOCH - LIGHT_S)
    one = {
        "source": None,
        "apid": 179,
        "packets": 97,
        "bad": 0,
        "gaps": 1,
        "missing": 3,
        "restarts": 0,
        "first": first,
        "last": last,
    }
    hole = {
        "source": None,
        "apid": 179,
        "after": 100,
        "before": 104,
        "missing": 3,
        "start": rfc(EPOCH - LIGHT_S - 300),
        "stop": rfc(EPOCH - LIGHT_S - 290),
    }
    return {
        "spacecraft": "tgo",
        "channels": [],
        "packets": [one],
        "gaps": [],
        "gaps_total": 0,
        "missing": [hole],
        "missing_total": 1,
    }


@app.get(f"{API}/database/containers")
async def containers(search: str = "") -> dict[str, Any]:
    return {"items": [{"name": "/TGO/Attitude", "description": "Attitude"}] if search.lower() in "attitude" else [], "next": None}


@app.get(f"{API}/clock")
async def told_clock() -> dict[str, Any]:
    return clock()


@app.get(f"{API}/displays")
async def list_displays() -> dict[str, Any]:
    return {"items": list(displays.values()), "next": None}


@app.post(f"{API}/displays")
async def add_display(request: Request) -> dict[str, Any]:
    told = await request.json()
    ident = f"d{len(displays) + 1}"
    displays[ident] = {"id": ident, "owner": "vera", "version": 1, "changed": rfc(time.time()), **told}
    return displays[ident]


@app.get(API + "/displays/{ident}")
async def one_display(ident: str) -> dict[str, Any]:
    if ident not in displays:
        raise HTTPException(404, "There is no such display.")
    return displays[ident]


@app.put(API + "/displays/{ident}")
async def put_display(ident: str, request: Request) -> dict[str, Any]:
    displays[ident] |= await request.json()
    displays[ident]["version"] += 1
    return displays[ident]


@app.delete(API + "/displays/{ident}")
async def delete_display(ident: str) -> Response:
    displays.pop(ident, None)
    return Response(status_code=204)


@app.websocket(f"{API}/live")
async def live(socket: WebSocket) -> None:
    if not known(socket.cookies) or control["refuse"]:
        await socket.close(4401)
        return
    await socket.accept()
    wanted: dict[Any, dict[str, Any]] = {}
    sending = asyncio.create_task(send(socket, wanted))
    try:
        while True:
            told = await socket.receive_json()
            if "subscribe" in told:
                wanted[told["subscribe"]] = told
                first = snapshot(told["topic"], told.get("names", ["*"]))
                if told["topic"] == "parameters" and control["values"]:
                    first = [update(name, True) for name in wanted_of(told)]
                await socket.send_json({"id": told["subscribe"], "snapshot": first})
                await socket.send_json({"id": told["subscribe"], "state": control["streams"], "why": ""})
            else:
                wanted.pop(told.get("unsubscribe"), None)
    except WebSocketDisconnect:
        pass
    finally:
        sending.cancel()


async def send(socket: WebSocket, wanted: dict[Any, dict[str, Any]]) -> None:
    state, number = control["streams"], 0
    while True:
        if control["refuse"]:
            await socket.close()
            return
        if control["ticks"]:
            if number % 2 == 0:
                await socket.send_json({"tick": clock()})
            if control["streams"] != state:
                state = control["streams"]
                for ident in list(wanted):
                    await socket.send_json(
                        {"id": ident, "state": state, "why": "" if state == "live" else "the stream has stopped"}
                    )
            for ident, one in list(wanted.items()):
                if one["topic"] == "parameters" and state == "live" and control["values"]:
                    await socket.send_json({"id": ident, "updates": [update(n, False) for n in wanted_of(one)]})
                if one["topic"] == "packets" and state == "live":
                    await socket.send_json({"id": ident, "updates": passing()})
        number += 1
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    uvicorn.run(dressed(app, "ExoMars", "esa", lambda made: made), port=int(sys.argv[1]), log_level="warning")
