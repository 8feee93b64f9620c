"""Aerobraking: a revolution against SciPy's DOP853 on the same right-hand side, a whole campaign, the life of an orbit."""

import time
from math import radians
from typing import Any

import numpy as np

from .material import ROOT
from .side_by_side import seconds
from .table import Row, cost

REPEAT = 9
PLAN = ROOT / "src" / "aelita" / "missions" / "exomars" / "navigation" / "aerobraking.toml"


def rows() -> list[Row]:
    """Return the cost of a revolution with its pass, of the plan of TGO flown, and of a life to the ground."""
    from aelita.dynamics import Vehicle, lifetime, read_aerobraking
    from aelita.environment import MarsAtmosphere

    file = read_aerobraking(PLAN.read_text(encoding="utf-8"), str(PLAN))
    made = [revolution_row(file)]
    around = file.surroundings(days=450)
    file.campaign(around)  # compiles
    begun = time.process_time()
    flown = file.campaign(around)
    spent = time.process_time() - begun
    note = f"{len(flown.passes)} passes with {len(flown.decisions)} planning sessions, each of which foresees a day or more"
    made.append(cost("aerobraking of TGO, the campaign planned and flown", spent, None, "s", "<= 60", note=note))
    begun = time.process_time()
    lifetime(200.0, 250.0, radians(74), Vehicle(1800.0, 28.0, 2.1), MarsAtmosphere())
    made.append(cost("life of a 200 x 250 km orbit, three densities", time.process_time() - begun, None, "s"))
    return made


def revolution_row(file: Any) -> Row:
    """Compare one revolution of five hours with its pass, at errors below 1 m on both sides."""
    from scipy.integrate import solve_ivp

    from aelita.dynamics import revolution
    from aelita.dynamics.aerobraking import start_of
    from aelita.dynamics.drag_kernels import slope

    around, vehicle = file.surroundings(days=10), file.plan.vehicle
    start = start_of(file.start.epoch_tai_ns, 105.0, 7390.0, 74.0, 20.0, 300.0)
    _, end = revolution(start, around, vehicle)
    first, until = around.seconds(start.epoch_tai_ns), around.seconds(end.epoch_tai_ns)
    room, seen = np.empty(9), np.empty(3)

    def by_scipy() -> Any:
        def right(t: float, y: Any) -> Any:
            slope(around.acts, vehicle.drag_m2_kg, 1.0, t, y, room, seen)
            return room.copy()

        return solve_ivp(right, (first, until), np.concatenate([start.six, np.zeros(3)]), method="DOP853", rtol=1e-9, atol=1e-9)

    off_m = 1e3 * float(np.linalg.norm(by_scipy().y[:3, -1] - end.position_km))
    spent = seconds({"ours": lambda: revolution(start, around, vehicle), "theirs": by_scipy}, REPEAT)
    note = f"the two ends differ by {off_m:.2f} m; SciPy's with our compiled right-hand side"
    return cost(
        "a revolution of five hours with its drag pass", 1e3 * spent["ours"], 1e3 * spent["theirs"], "ms", None, note=note
    )
