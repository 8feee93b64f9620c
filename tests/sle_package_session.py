"""Run one session of the independent PyPI client `sle` in its own process, since its threads never end; print what it saw.

Arguments: service, port, level, algorithm, version, service instance identifier.
"""

import json
import os
import sys
import time

import sle


def session(service: str, port: str, level: str, algorithm: str, version: str, identifier: str) -> dict[str, object]:
    seen: dict[str, list[str]] = {"frames": [], "reports": [], "parameters": []}
    make = sle.RafServiceUser if service == "raf" else sle.RcfServiceUser
    user = make(
        service_instance_identifier=identifier,
        responder_host="127.0.0.1",
        responder_port=int(port),
        responder_port_identifier="PORT-1",
        auth_level=level,
        local_identifier="USER-1",
        peer_identifier="PROVIDER-1",
        local_password="0011223344556677",
        peer_password="00a1b2c3d4e5f6",
        version_number=int(version),
        hash_algorithm=algorithm,
    )
    user.frame_indication = lambda pdu: seen["frames"].append(bytes(pdu["data"]).hex())
    user.status_report_indication = lambda pdu: seen["reports"].append(str(pdu["deliveredFrameNumber"]))
    user.parameter_indication = lambda pdu: seen["parameters"].append(pdu.getName())
    states = []

    def reach(state: str) -> None:
        states.append(state if user.wait_for_state(state, timeout=8, interval=0.02) else f"not {state}: {user.state}")

    user.bind()
    reach(sle.SleState.READY)
    user.start((42, 0, 3)) if service == "rcf" else user.start()
    reach(sle.SleState.ACTIVE)
    wait_for(lambda: len(seen["frames"]) == 5)
    user.schedule_status_report("immediately")
    wait_for(lambda: bool(seen["reports"]))
    user.get_parameter("bufferSize")
    wait_for(lambda: bool(seen["parameters"]))
    user.stop()
    reach(sle.SleState.READY)
    user.unbind()
    reach(sle.SleState.UNBOUND)
    return {"states": states, **seen}


def wait_for(is_true: object) -> None:
    end = time.time() + 8
    while not is_true() and time.time() < end:  # type: ignore[operator]
        time.sleep(0.02)


if __name__ == "__main__":
    print(json.dumps(session(*sys.argv[1:])), flush=True)
    os._exit(0)
