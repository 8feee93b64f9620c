"""Run one session of the independent PyPI client `sle` with a station, in its own process, since its threads never end.

One argument, a JSON object: how to bind, how many frames to wait for, and for how long (s). It prints READY when it is active, then
what it received.
"""

import json
import os
import sys
import time
from typing import Any

import sle


def session(how: dict[str, Any]) -> dict[str, object]:
    frames: list[str] = []
    told: list[str] = []
    user = sle.RafServiceUser(**how["bind"])
    user.frame_indication = lambda pdu: frames.append(bytes(pdu["data"]).hex())
    for name in ("sync_notify_indication", "production_status_change_indication"):
        if hasattr(user, name):
            setattr(user, name, lambda pdu, name=name: told.append(name))
    states = []

    def reach(state: str) -> None:
        states.append(
            state if user.wait_for_state(state, timeout=how["patience"], interval=0.02) else f"not {state}: {user.state}"
        )

    user.bind()
    reach(sle.SleState.READY)
    user.start()
    reach(sle.SleState.ACTIVE)
    print("READY", flush=True)
    end = time.monotonic() + how["patience"]
    last, seen = time.monotonic(), 0
    while len(frames) < how["frames"] and time.monotonic() < end:
        if len(frames) > seen:
            last, seen = time.monotonic(), len(frames)
        if seen and time.monotonic() > last + how["quiet"]:
            break  # what a timely service has discarded does not come any more
        time.sleep(0.02)
    user.stop()
    reach(sle.SleState.READY)
    user.unbind()
    reach(sle.SleState.UNBOUND)
    return {"states": states, "frames": frames, "told": told}


if __name__ == "__main__":
    print(json.dumps(session(json.loads(sys.argv[1]))), flush=True)
    os._exit(0)
