"""Run one forward CLTU session of the independent PyPI client `sle` in its own process; print what it saw.

Arguments: port, level, algorithm, version, service instance identifier, initiator, password in hexadecimal.
"""

import json
import os
import sys
import time

import sle
from sle import logger

CLTUS = [bytes.fromhex("eb9022f600ff00010200c5c5c5c5c5c5c579") + bytes([number]) for number in range(4)]


def session(port: str, level: str, algorithm: str, version: str, identifier: str, initiator: str, password: str) -> dict:
    seen: dict = {"notices": [], "reports": [], "parameters": [], "log": [], "states": []}
    user = sle.CltuServiceUser(
        service_instance_identifier=identifier,
        responder_host="127.0.0.1",
        responder_port=int(port),
        responder_port_identifier="PORT-1",
        auth_level=level,
        local_identifier=initiator,
        peer_identifier="PROVIDER-1",
        local_password=password,
        peer_password="00a1b2c3d4e5f6",
        version_number=int(version),
        hash_algorithm=algorithm,
    )
    handler = user._async_notify_invocation_handler

    def notified(pdu) -> None:
        seen["notices"].append(pdu["cltuAsyncNotifyInvocation"]["cltuNotification"].getName())
        handler(pdu)

    user._handlers["CltuAsyncNotifyInvocation"] = notified
    user.status_report_indication = lambda pdu: seen["reports"].append(str(pdu["numberOfCltusRadiated"]))
    user.parameter_indication = lambda pdu: seen["parameters"].append(pdu.getName())
    logger.setLevel("DEBUG")

    class Keep:
        level = 0

        def handle(self, record) -> None:
            seen["log"].append(record.getMessage().splitlines()[0] if record.getMessage() else "")

    logger.addHandler(Keep())

    def reach(state, patience: float = 30) -> bool:
        reached = user.wait_for_state(state, timeout=patience, interval=0.02)
        seen["states"].append(state if reached else f"not {state}: {user.state}")
        return reached

    user.bind()
    if reach(sle.SleState.READY, 3):
        user.start()
        reach(sle.SleState.ACTIVE)
        for number, octets in enumerate(CLTUS):
            user.transfer_data(octets, notify=number % 2 == 0)
            wait_for(lambda count=number + 1: sum("transfer passed" in line for line in seen["log"]) == count)
        wait_for(lambda: "bufferEmpty" in seen["notices"] and seen["notices"].count("cltuRadiated") == 2)
        user.throw_event(10, b"QUAL")
        wait_for(lambda: "actionListCompleted" in seen["notices"])
        user.throw_event(99, b"QUAL")
        wait_for(lambda: any("noSuchEvent" in line for line in seen["log"]))
        user.schedule_status_report("immediately")
        wait_for(lambda: bool(seen["reports"]))
        user.get_parameter("expectedSlduIdentification")
        wait_for(lambda: bool(seen["parameters"]))
        user.stop()
        reach(sle.SleState.READY)
        user.unbind()
        reach(sle.SleState.UNBOUND)
    return seen


def wait_for(is_true) -> None:
    end = time.time() + 30
    while not is_true() and time.time() < end:
        time.sleep(0.02)


if __name__ == "__main__":
    print(json.dumps(session(*sys.argv[1:])), flush=True)
    os._exit(0)
