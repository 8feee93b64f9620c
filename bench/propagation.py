"""Propagation: 30 days in a 400 km orbit of Mars against SciPy's DOP853 with a compiled right-hand side, at equal error."""

import gzip
from typing import Any

from .material import ROOT, AbsentError
from .side_by_side import seconds
from .table import Row, cost

REPEAT, DAYS = 3, 30
FIELD = ROOT.parent / "shared/data/nav/gravity/jgmro120d.txt.gz"
# pairs of tolerances whose errors after 30 days are alike: ours (km within a step), SciPy's (relative)
PAIRS = ((1e-5, 1e-12), (1e-6, 1e-13))


def _case() -> Any:
    """Return start, forces and end: degree 20, Sun and drag."""
    from aelita.dynamics import GM_KM3_S2, Drag, Forces, StateVector
    from aelita.environment import MarsAtmosphere, read_gravity
    from aelita.time import DAY, tai_ns_from_utc

    if not FIELD.is_file():
        raise AbsentError("the gravity field JGMRO120D is absent from ../shared/data/nav/gravity")
    field = read_gravity(gzip.decompress(FIELD.read_bytes()), name="JGMRO120D")
    speed = (GM_KM3_S2["MARS"] / 3796.19) ** 0.5
    start = StateVector(tai_ns_from_utc("2019-05-08"), [3796.19, 0, 0], [0, 0.2756 * speed, 0.9613 * speed])
    forces = Forces(gravity=field, degree=20, bodies=("SUN",), drag=Drag(10.0, 2.2, MarsAtmosphere()), relativity=False)
    return start, forces, start.epoch_tai_ns + DAYS * DAY


def _compiled(model: Any, degree: int) -> Any:
    """Return the same right-hand side as SciPy takes it: one compiled call, without allocation but that of its result."""
    import numpy as np
    from numba import njit

    from aelita.dynamics.acceleration import full, located

    others = model.gms.size + 1
    ends = np.cumsum([0, 6 * (degree + 3), 12 * 32, 9, 3 * others])
    room, a, b, c, d = np.zeros(ends[-1]), int(ends[1]), int(ends[2]), int(ends[3]), int(ends[4])

    @njit(error_model="numpy")
    def motion(t: float, y: Any, room: Any) -> Any:
        rows, work = room[:a].reshape((6, degree + 3)), room[a:b].reshape((12, 32))
        axes, places = room[b:c].reshape((3, 3)), room[c:d].reshape((others, 3))
        made = np.empty(6)
        located(model, t, axes, places)
        full(model, t, axes, places, y[:3], y[3:], rows, work, work[8])
        for i in range(3):
            made[i], made[3 + i] = y[3 + i], work[8, i]
        return made

    return lambda t, y: motion(t, y, room)


def rows() -> list[Row]:
    """Return CPU seconds of both at two levels of error, each against our tightest run, and what heyoka's Taylor series take."""
    import numpy as np
    from scipy.integrate import solve_ivp

    from aelita.dynamics import propagate
    from aelita.dynamics.forces import model_of
    from aelita.dynamics.states import elapsed_s, et_of

    start, forces, until = _case()
    length_s = float(elapsed_s(until, start.epoch_tai_ns))
    motion = _compiled(model_of(forces, et_of(start), et_of(start) + length_s, 1000.0), forces.degree)
    truth = propagate(start, forces, until, tolerance_km=1e-11).end.position_km
    made = []
    for ours_km, theirs in PAIRS:
        ends: dict[str, Any] = {}

        def ours(tolerance_km: float = ours_km, ends: dict[str, Any] = ends) -> None:
            ends["ours"] = propagate(start, forces, until, tolerance_km=tolerance_km).end.position_km

        def scipy(rtol: float = theirs, ends: dict[str, Any] = ends) -> None:
            atol = rtol * np.array([1e3] * 3 + [1.0] * 3)
            ends["scipy"] = solve_ivp(motion, (0.0, length_s), start.six, method="DOP853", rtol=rtol, atol=atol).y[:3, -1]

        spent = seconds({"ours": ours, "scipy": scipy}, REPEAT)
        off = {name: float(1000 * np.linalg.norm(end - truth)) for name, end in ends.items()}
        note = (
            f"error after {DAYS} days against a run with a tolerance of 1e-11 km: ours {off['ours']:.2g} m, SciPy's DOP853 "
            f"(rtol {theirs:g}, compiled right-hand side) {off['scipy']:.2g} m; one process, one thread"
        )
        level = f"{DAYS} days at 400 km, degree 20, Sun and drag, error {off['scipy']:.1g} m"
        made.append(cost(level, spent["ours"], spent["scipy"], "CPU s", 10.0, note=note))
    return [*made, *_with_partials(start, forces, until)]


def _with_partials(start: Any, forces: Any, until: int) -> list[Row]:
    """Return CPU seconds of a day at degree 50 and 80 with the state transition matrix."""
    from dataclasses import replace

    from aelita.dynamics import propagate
    from aelita.time import DAY

    def day(given: Any) -> Any:
        return lambda: propagate(start, given, start.epoch_tai_ns + DAY, partials=("GM", "drag"))

    calls = {f"a day at degree {degree} with partial derivatives": day(replace(forces, degree=degree)) for degree in (20, 50, 80)}
    return [cost(name, spent, None, "CPU s") for name, spent in seconds(calls, REPEAT).items()]
