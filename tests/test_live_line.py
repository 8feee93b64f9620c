"""The line between two agencies is cut while each receives other frames: each works on alone, and both become whole afterwards."""

import asyncio
from pathlib import Path

from aelita.services.live.installation import LinkElsewhere
from aelita.services.live.space import SignalPath
from aelita.time import SECOND
from live_complex import (
    EMITTED,
    STATION_OF,
    Complex,
    assert_archived,
    assert_merged,
    running_complex,
    undisturbed,
    until,
    until_complete,
)
from live_servers import Line

FRAMES, SPEED = 800, 20.0
LIGHT_NS = 970 * SECOND
DEAF = EMITTED + LIGHT_NS + 80 * SECOND, EMITTED + LIGHT_NS + 110 * SECOND  # Malargüe hears nothing for ninety frames
PATHS = (("malargue", SignalPath(0.25, 0.0, (DEAF,), 11)), ("kalyazin", SignalPath(0.25, 1e-6, (), 12)))


def test_a_line_that_is_cut_for_minutes(tmp_path: Path) -> None:
    async def scenario() -> None:
        one = Complex(tmp_path, FRAMES, SPEED, PATHS)
        one.keep_ports()
        lines = [Line(one.made.port(f"{giver}/leaf")) for giver in STATION_OF]
        links = []
        for line, giver, agency in zip(lines, STATION_OF, reversed(STATION_OF), strict=True):
            await line.restore()
            links.append(LinkElsewhere(agency, giver, "127.0.0.1", line.port))
        with running_complex(one, links=links):
            await asyncio.to_thread(until, "all services are up", one.ready)

            await asyncio.to_thread(until, "the first frames", lambda: one.clock.now() > one.over - (FRAMES - 100) * one.period)
            for line in lines:
                await line.cut()
            before = {agency: {number for number, _ in await one.merged(agency)} for agency in STATION_OF}
            await asyncio.to_thread(until, "the end of the signal", lambda: one.seconds_left() < -1)
            await asyncio.to_thread(alone, one, before)
            for line in lines:
                await line.restore()
            await until_complete(one)
            heard = one.all_heard()
            for agency in STATION_OF:
                assert_merged(await one.merged(agency), heard)
                for times in (await one.generated(agency)).values():
                    assert times == sorted(times), "late data moved a current value"
            assert await asyncio.to_thread(one.stop) == 0
            whole = undisturbed(tmp_path, heard)
            for agency in STATION_OF:
                assert_archived(one, one.archive(agency), heard, whole)
            for line in lines:
                await line.cut()

    asyncio.run(scenario())


def alone(one: Complex, before: dict[str, set[int]]) -> None:
    """Assert that each agency has all that its own station heard, and that much of what the other's heard is not there."""

    async def own(agency: str) -> set[int]:
        return {number for number, _ in await one.merged(agency)}

    heard = {agency: set(one.heard(station)) for agency, station in STATION_OF.items()}
    for agency, other in zip(STATION_OF, reversed(STATION_OF), strict=True):
        until("what its own station heard", lambda agency=agency: heard[agency] <= asyncio.run(own(agency)))  # type: ignore[misc]
        assert len(heard[agency] - before[agency]) > 50
        assert len(heard[other] - asyncio.run(own(agency))) > 20
