"""The launches of the mission, worked out once for all tests of launches."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import aelita
from aelita.dynamics import Ascent, Injection, LauncherFile, LaunchPlan, ascend, inject
from aelita.services.navigation.launcher_file import find_launch, load_launcher

MISSION = Path(aelita.__file__).parent / "missions" / "exomars"
PROTON = MISSION / "launchers" / "proton-m-breeze-m.toml"
ATLAS = MISSION / "launchers" / "atlas-v-401.toml"


@cache
def proton() -> LauncherFile:
    return load_launcher(PROTON)


@cache
def plan_2016() -> LaunchPlan:
    return find_launch(MISSION, "exomars-2016")[0]


@cache
def ascent_2016() -> Ascent:
    plan = plan_2016()
    assert plan.liftoff_tai_ns is not None
    return ascend(proton().launcher, plan.payload_kg, plan.liftoff_tai_ns)


@cache
def launch_2016() -> Injection:
    plan = plan_2016()
    assert plan.liftoff_tai_ns is not None and plan.asymptote is not None
    profile = replace(proton().profile, separation_s=plan.separation_s)
    return inject(proton().launcher, plan.payload_kg, plan.liftoff_tai_ns, plan.asymptote, profile, ascent=ascent_2016())
