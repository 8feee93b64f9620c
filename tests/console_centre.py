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
NAMES = [
    f"/TGO/{system}/{kind}{number:02d}" for system in ("THERMAL", "POWER", "AOCS") for kind in ("T", "U") for number in range(50)
]
UNITS = {"T": "degC", "U": "V"}
LIGHT_S = 1122.5
control: dict[str, Any] = {"ticks": True, "streams": "live", "values": True, "session": True, "refuse": False}
displays: dict[str, dict[str, Any]] = {}


def rfc(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")


def mission() -> float:
    return EPOCH + time.time() - BEGAN


def value(name: str, at: float) -> float:
    k = NAMES.index(name) if name in NAMES else 0
    return 20 + k % 7 + (5 + k % 5) * math.sin(at / (20 + k % 13) + k)


def severity(name: str, at: float) -> int:
    v, k = value(name, at), NAMES.index(name)
    return 0 if k % 3 else 4 if v > 29 else 2 if v > 26 else 0


def update(name: str, whole: bool) -> dict[str, Any]:
    at = mission()
    body = {"n": name, "s": "tgo", "v": value(name, at - LIGHT_S), "r": round(value(name, at - LIGHT_S) * 100), "q": True, "l": severity(name, at - LIGHT_S),
            "t": rfc(at - LIGHT_S), "rt": rfc(at)}  # fmt: skip
    return body | ({"u": UNITS[name.split("/")[-1][0]]} if whole else {})


def link(station: str, agency: str, locked: bool) -> dict[str, Any]:
    return {"agency": agency, "spacecraft": "tgo", "station": station, "heard_s": 0.4, "state": "active", "lock": "locked" if locked else "lost",
            "production": "running", "frames": 4021, "frames_per_s": 7.3 if locked else 0.0, "bit_rate": 65000.0 if locked else 0.0, "missed": 2,
            "last_frame_s": 0.2, "light_time_s": LIGHT_S, "elevation_deg": 34.5, "why": "", "alive": True}  # fmt: skip


def clock() -> dict[str, Any]:
    now = rfc(mission())
    craft = {"spacecraft": "tgo", "scet": rfc(mission() - LIGHT_S), "owlt_s": LIGHT_S}
    return {"utc": rfc(time.time()), "mission": now, "ert": now, "speed": 1.0, "replayed": True, "spacecraft": [craft]}


def snapshot(topic: str, names: list[str]) -> list[dict[str, Any]]:
    now = rfc(mission())
    if topic == "parameters":
        return (
            [update(name, True) for name in NAMES if any(fnmatch.fnmatchcase(name, one) for one in names)]
            if control["values"]
            else []
        )
    return {
        "links": [link("malargue", "esa", True), link("kalyazin", "roscosmos", False)],
        "alarms": [{"owner": "esa", "alarm": "limit:/TGO/THERMAL/T03", "title": "T03 above 29", "severity": 4, "state": "unacknowledged", "value": "29.4 degC",
                    "since": now, "calls": True}],
        "events": [{"spacecraft": "tgo", "t": now, "severity": "low", "message": f"<img src=x onerror=alert({n})> event {n}"} for n in range(8)],
        "clock": [clock()],
        "status": [{"links": [link("malargue", "esa", True)], "counts": [{"agency": "esa", "spacecraft": "tgo", "merged": 4021, "merged_per_s": 7.3, "holes": 1,
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
    has = NAMES.index(name) % 3 == 0
    return {"name": name, "spacecraft": "tgo", "container": "/TGO/HK", "units": UNITS[name.split("/")[-1][0]], "type": "Float", "description": "A made-up reading",
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


@app.get(f"{API}/values")
async def values() -> Response:
    return Response("utc,value\n", media_type="text/csv")


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
                await socket.send_json({"id": told["subscribe"], "snapshot": snapshot(told["topic"], told.get("names", ["*"]))})
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
                    names = [n for n in NAMES if any(fnmatch.fnmatchcase(n, pattern) for pattern in one.get("names", ["*"]))]
                    await socket.send_json({"id": ident, "updates": [update(n, False) for n in names]})
        number += 1
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    uvicorn.run(dressed(app, "ExoMars", "esa", lambda made: made), port=int(sys.argv[1]), log_level="warning")
