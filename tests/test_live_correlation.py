"""The clock of TGO is correlated from its merged stream, goes on after a restart, and is read by SPICE from the kernel made."""

import asyncio
import json
from pathlib import Path

import numpy as np
import spiceypy

from aelita.services.live.agency_streams import address_of
from aelita.services.live.clock import starting_at
from aelita.services.live.correlation import correlation
from aelita.services.live.health import Health
from aelita.services.live.messages import pack_merged
from aelita.services.live.serving import Context
from aelita.services.live.streams import Streams
from aelita.telemetry import Merged
from aelita.time import BUILT_IN, SECOND, clock_from_kernel, et_from_tai_ns, leap_seconds_kernel
from test_live_messages import _rows, recorded
from test_live_processing import BEGIN, installation, servers

DRIFT = 4e-6  # of the time of emission, against the clock as it is known
LIGHT_NS = 969_400_000_000
TRUE_PERIOD_NS = 340_328_000


def drifting(count: int) -> Merged:
    """Return merged frames of the recording whose emission runs DRIFT slower than the on-board clock says."""
    merged = recorded(count)
    emitted = BEGIN + np.rint(np.arange(count) * TRUE_PERIOD_NS * (1 + DRIFT)).astype(np.int64)
    columns = {
        name: getattr(merged, name) for name in ("buffer", "offset", "length", "virtual_channel", "count", "station", "late")
    }
    return Merged(**columns, stations=merged.stations, emitted_at=emitted, received_at=emitted + LIGHT_NS)


def test_an_injected_drift_is_found_over_a_restart(tmp_path: Path) -> None:
    count = 1600
    merged = drifting(count)

    async def work(made: object, until: int) -> Health:
        health = Health("correlation", "esa")
        task = asyncio.create_task(correlation(Context(made, "esa", starting_at(BEGIN + 2000 * SECOND), health)))  # type: ignore[arg-type]
        async with asyncio.timeout(60):
            while health.value("clock_points", spacecraft="tgo") < until and not task.done():
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        task.cancel()
        for result in await asyncio.gather(task, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError), result
        return health

    async def scenario() -> Health:
        made = installation(tmp_path)
        async with servers(made, starting_at(BEGIN + 2000 * SECOND)):
            async with await Streams.connect(address_of(made, "esa"), name="merging") as streams:
                for part in (slice(0, 1200), slice(1200, count)):
                    for octets, headers in pack_merged(_rows(merged, part)):
                        await streams.publish("esa.merged.tgo", octets, headers=headers)
                    health = await work(made, 9 if part.start == 0 else 17)
                told = await streams.last("esa.products.clock-tgo", "PRODUCTS")
                assert told is not None and json.loads(told.data)["state"]["present"] is not None
            return health

    health = asyncio.run(scenario())
    text = (tmp_path / "esa" / "products" / "tgo.tsc").read_text()
    clock = clock_from_kernel(text, "tgo.tsc")
    kept = json.loads((tmp_path / "esa" / "products" / "tgo.clock.json").read_text())
    assert len(kept["state"]["points"]) >= 17, "the pairs are kept beside the kernel"
    ends = merged.emitted_at[[0, -1]]
    ticks = clock.ticks(ends)
    elapsed_s = (ticks[1] - ticks[0]) / 65536
    true_s = (count - 1) * TRUE_PERIOD_NS / SECOND
    assert abs(elapsed_s - true_s) < 1e-3, "the drift over the recording is found within a millisecond"
    assert abs(health.value("clock_rate", spacecraft="tgo") - DRIFT) < 1e-6
    (tmp_path / "leap.tls").write_text(leap_seconds_kernel(BUILT_IN))
    paths = [str(tmp_path / "leap.tls"), str(tmp_path / "esa" / "products" / "tgo.tsc")]
    try:
        for path in paths:
            spiceypy.furnsh(path)
        et = spiceypy.sct2e(-143, float(ticks[1]))
        assert abs(et - float(et_from_tai_ns(int(ends[1])))) < 1e-3
    finally:
        for path in paths:
            spiceypy.unload(path)
