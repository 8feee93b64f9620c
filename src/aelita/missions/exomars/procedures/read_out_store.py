"""Reads a packet store out over a gap in reception. Which stores there are is assumed: nothing public tells."""

from aelita.commanding import Argument, Ask, Reached, Say, Section, Send, State, Steps, Waited, WaitFor, call, procedure


@procedure(
    "Read a packet store out over a gap",
    spacecraft=("tgo", "tgo-sim"),
    arguments=(
        Argument("store", "integer", "Packet store", "1", 0, 255),
        Argument("first_s", "number", "On-board seconds of the beginning of the gap", None, 0),
        Argument("last_s", "number", "On-board seconds of its end", None, 0),
        Argument("timeout_s", "number", "Seconds after the earliest possible evidence", "300", 1, 86400),
    ),
    grade="assumed",
)
def read_out_store(spacecraft: str, store: int, first_s: float, last_s: float, timeout_s: float) -> Steps:
    """Ask what the store holds, let somebody confirm, and read it out."""
    if last_s < first_s:
        yield Say(f"The gap ends at {last_s} before it begins at {first_s}: nothing is read out.")
        return
    yield Section("What the store holds")
    summary = yield Send((call("ReportStores", number=1, stores=[store]),))
    if (yield WaitFor(Reached(summary), timeout_s)) is not Waited.MET:
        yield Say(f"Store {store} of {spacecraft} did not report.")
        return
    if (yield Ask(f"Does store {store} hold {first_s} to {last_s} s? Read it out?", ("read out", "leave it"))) == "leave it":
        return
    yield Section("Read-out")
    wanted = yield Send((call("RetrieveStores", number=1, stores=[store], **{"from": first_s, "to": last_s}),), "gap")
    started = yield WaitFor(Reached(wanted, State.EXECUTING), timeout_s)
    yield Say(f"Read-out of store {store}: {started}.")
