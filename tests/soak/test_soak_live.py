"""A live complex of two agencies, some process of which dies by SIGKILL every few seconds, all at once now and then."""

import os
import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from live_complex import FRAME_OCTETS, TGO, Complex, running_complex, until
from shared import shared
from test_live_kills import PATHS, assert_whole, disturb

pytestmark = pytest.mark.soak
KILLS = int(os.environ.get("AELITA_SOAK_LIVE_KILLS", "200"))
SECONDS = float(os.environ.get("AELITA_SOAK_LIVE_SECONDS", "1100"))  # in which the recording is played
SEED = int(os.environ.get("AELITA_SOAK_LIVE_SEED", "3"))


def test_kills_all_through_a_recording() -> None:
    frames = shared(TGO).stat().st_size // FRAME_OCTETS
    with tempfile.TemporaryDirectory(prefix="aelita-soak-") as name:
        folder = Path(name)
        one = Complex(folder, frames, 1.0, PATHS)
        one = Complex(folder, frames, frames * one.period / 1e9 / SECONDS, PATHS)
        with running_complex(one):
            until("all services are up", one.ready)
            done = disturb(one, KILLS, random.Random(SEED))
            assert_whole(one, folder)
        print(f"{len(done)} kills: {dict(Counter(done))}; {len(one.all_heard())} of {frames} frames heard and kept")
