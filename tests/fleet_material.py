"""A mission of three spacecraft, made of those of the package: what stands in for the orbits of two of them is told here."""

import shutil
from pathlib import Path

from aelita.services.missions import package_missions

RECORDINGS = {
    "tgo": ("exomars", "tgo", "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"),
    "hera": ("hera", "hera", "data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8"),
    "mars2020": ("mars2020", "cruise", "data/telemetry/mars2020/mars2020_frames.u8"),
}

# No public kernel at hand holds the orbits of Hera and Mars 2020 on the days of the recordings. Both were near the Earth, whose
# centre stands in for them: Hera 100 minutes after a launch at 2024-10-07T14:52 with less than 12 km/s, Mars 2020 32.5 hours after one at
# 2020-07-30T11:50 with less than 12 km/s for an hour, and less than 5 km/s after it. Light times are then good to 0.25 s and 2 s.
SPACECRAFT = """
[[spacecraft]]
name = "Hera"
title = "Hera, on the day of its launch"
frame_ids = [0xB5]
naif_id = -91
channels = ["hera"]
databases = ["hera.xml"]
clock = "clocks/hera.toml"
agency = "esa"
near = "EARTH"
near_km = 75000

[[spacecraft]]
name = "Mars2020"
title = "Mars 2020 cruise stage, on the second day of its way"
frame_ids = [0xA8]
naif_id = -168
channels = ["cruise"]
databases = ["mars2020.xml"]
agency = "nasa"
near = "EARTH"
near_km = 620000
"""


def fleet_mission(folder: Path) -> Path:
    """Make a mission folder of the package's ExoMars, Hera and Mars 2020, whose frames the agencies give each other."""
    packaged = package_missions()
    shutil.copytree(packaged / "exomars", folder)
    for craft, (mission, channel, _) in RECORDINGS.items():
        shutil.copy(packaged / mission / "channels" / f"{channel}.toml", folder / "channels")
        if craft != "tgo":
            shutil.copy(packaged / mission / f"{mission}.xml", folder)
    shutil.copy(packaged / "hera" / "clocks" / "hera.toml", folder / "clocks")
    with (folder / "mission.toml").open("a", encoding="utf-8") as file:
        file.write(SPACECRAFT)
    with (folder / "agreement.toml").open("a", encoding="utf-8") as file:
        for craft in ("hera", "mars2020"):
            for giver, receiver in (("esa", "roscosmos"), ("roscosmos", "esa")):
                file.write(
                    f'\n[[gives]]\ngiver = "{giver}"\nreceiver = "{receiver}"\nkind = "frames"\nspacecraft = "{craft}"\n'
                    'from = "2016-10-16"\ngrade = "assumed"\n'
                )
    return folder
