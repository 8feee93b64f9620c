"""An archive is backed up while its archiver follows the stream; restored elsewhere, it catches up and is the same."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aelita.archive import Archive, backup, check, open_archive, restore
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live import archiving
from aelita.services.live.archiving import archiver
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.health import Health
from aelita.services.live.installation import Installation
from aelita.services.live.processing import processor
from aelita.services.live.serving import Context
from live_complex import rows
from live_servers import until
from test_live_processing import BEGIN, hear, installation, recorded, servers

COUNT, PIECES = 300, 5


@contextlib.asynccontextmanager
async def archiving_in(made: Installation, clock: MissionClock) -> AsyncIterator[Health]:
    """Run the archiver of an installation; what it holds is written at its end."""
    health = Health("archiver", "esa")
    work = asyncio.create_task(archiver(Context(made, "esa", clock, health)))
    try:
        yield health
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def packets(archive: Archive) -> object:
    keys = ["virtual_channel", "apid", "sequence_count", "generated", "octets"]
    return archive.packets().select(keys).sort(keys)


def test_backups_while_messages_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "FLUSH_S", 0.05)
    made, frames, copy = installation(tmp_path / "complex"), recorded(COUNT), tmp_path / "backup"
    kept: list[int] = []

    async def run() -> None:
        clock = starting_at(BEGIN)
        merging = Context(made, "esa", clock, Health("processor", "esa"))
        async with servers(made, clock):
            work = asyncio.create_task(processor(merging))
            async with archiving_in(made, clock) as health:
                for piece in range(PIECES):
                    heard = np.zeros(COUNT, np.bool_)
                    heard[piece * COUNT // PIECES : (piece + 1) * COUNT // PIECES] = True
                    hearing = asyncio.create_task(hear(made, "esa", "malargue", frames, heard))
                    await until("a flush", lambda: flushed(health))
                    await asyncio.to_thread(backup, open_archive(made.archive("esa")), copy)
                    kept.append(open_archive(copy).frames().height)
                    assert check(open_archive(copy)).findings == ()
                    await hearing
                await until("the end", lambda: all_archived(made))
            elsewhere = other_host(made, tmp_path / "elsewhere")
            restore(copy, elsewhere.archive("esa"))
            before = open_archive(elsewhere.archive("esa")).frames().height
            async with archiving_in(elsewhere, clock):
                await until("the restored archive catches up", lambda: all_archived(elsewhere))
            assert before == kept[-1] <= COUNT
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            assert_same(made, elsewhere)

    async def flushed(health: Health) -> bool:
        return health.value("archived_messages", spacecraft="tgo") > len(kept)

    asyncio.run(run())
    assert kept == sorted(kept) and kept[0] < COUNT, "backups were made while there was more to come"


async def all_archived(made: Installation) -> bool:
    with contextlib.suppress(Exception):
        return open_archive(made.archive("esa")).frames().height == COUNT
    return False


def other_host(made: Installation, folder: Path) -> Installation:
    """Return an installation elsewhere that reaches the same streams: with the ports and the key of the agency's services."""
    folder.mkdir()
    shutil.copy(made.folder / "ports.json", folder)
    shutil.copytree(made.home("esa") / "nats" / "keys", folder / "esa" / "nats" / "keys")
    return replace(made, folder=folder)


def assert_same(made: Installation, elsewhere: Installation) -> None:
    """Assert that both archives hold what an ingest of the recording gives."""
    recording = made.folder / "heard.tm"
    recording.write_bytes(b"".join(recorded(COUNT)))
    whole = open_archive(made.folder / "whole", create=True)
    ingest_file(whole, define(Library(), mission="exomars"), recording, Summary())
    for one in (made, elsewhere):
        archive = open_archive(one.archive("esa"))
        assert check(archive).findings == ()
        assert packets(archive).equals(packets(whole))  # type: ignore[attr-defined]
        assert rows(archive) == rows(whole)
