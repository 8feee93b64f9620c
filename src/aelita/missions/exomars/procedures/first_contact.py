"""First contact of a pass: is the spacecraft alive, and how often does it report its time. All of it is assumed."""

from aelita.commanding import Argument, Ask, Reached, Say, Section, Send, Steps, Waited, WaitFor, call, procedure

CRAFT = ("tgo", "tgo-sim")


@procedure(
    "Are you alive, and set the rate of time reports",
    spacecraft=CRAFT,
    arguments=(
        Argument("exponent", "integer", "A time report every 2^exponent frames of virtual channel 0", "5", 0, 8),
        Argument("timeout_s", "number", "Seconds after the earliest possible evidence", "120", 1, 86400),
    ),
    grade="assumed",
)
def first_contact(spacecraft: str, exponent: int, timeout_s: float) -> Steps:
    """Ask whether the spacecraft is alive until it is or somebody gives up, then set the rate of its time reports."""
    yield Section("Are you alive?")
    while True:
        asked = yield Send((call("AreYouAlive"),), "first contact")
        ended = yield WaitFor(Reached(asked), timeout_s)
        if ended is Waited.MET:
            break
        again = yield Ask(f"{spacecraft} did not answer ({ended}). Ask again?", ("again", "give up"))
        if again == "give up":
            yield Say(f"No contact with {spacecraft}.")
            return
    yield Section("Rate of time reports")
    rate = yield Send((call("SetTimeReportRate", exponent=exponent),))
    ended = yield WaitFor(Reached(rate), timeout_s)
    yield Say(f"Time reports every {1 << exponent} frames: {ended}.")
