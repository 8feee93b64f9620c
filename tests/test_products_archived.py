"""Products as rows of the archive, found by when they hold; and as files of a backup."""

import asyncio
import json
from pathlib import Path
from typing import cast

import polars as pl
import pytest
from typer.testing import CliRunner

from aelita.api.backups import Backups
from aelita.archive import backup, check, compact, find_products, open_archive, restore
from aelita.cli.main import app
from aelita.records import PRODUCTS
from aelita.services import find_mission
from aelita.services.live.clock import MissionClock
from aelita.services.live.health import Health
from aelita.services.live.product_exchange import Exchange
from aelita.services.live.serving import Context
from aelita.services.live.streams import Streams
from aelita.services.products import Draft, Product, ProductStore, copy_store, read_names
from aelita.services.products.archived import archive_products
from aelita.time import DAY, tai_ns_from_utc
from api_archive_material import still
from api_material import installed

BEGIN = tai_ns_from_utc("2018-04-21")
NAMES = read_names(find_mission("exomars"))


def publish(store: ProductStore, day: int, *, kind: str = "tracking", craft: str = "tgo", agency: str = "esa") -> Product:
    start = BEGIN + day * DAY
    draft = Draft(kind, craft, f"Day {day}", start, start + DAY, "fsm", grade="B")
    files = {"tdm": f"day {day}".encode(), "txt": b"about it"}
    return store.publish(draft, files, names=NAMES, agency=agency, made_by="vera", made_at=start + 2 * DAY)


def test_products_are_rows_found_by_span_and_never_twice(tmp_path: Path) -> None:
    archive, store = open_archive(tmp_path / "archive", create=True), ProductStore(tmp_path)
    assert archive_products(archive, store) == 0 and find_products(archive).schema == PRODUCTS
    made = [publish(store, day) for day in range(3)]
    theirs = publish(store, 1, craft="sp", agency="roscosmos")
    assert archive_products(archive, store) == 4 and archive_products(archive, store) == 0
    again = open_archive(tmp_path / "archive")
    assert find_products(again)["id"].to_list() == [made[2].id, *sorted([made[1].id, theirs.id]), made[0].id]
    assert find_products(again, BEGIN + DAY // 2, BEGIN + DAY)["id"].to_list() == [made[0].id]
    assert find_products(again, BEGIN + DAY * 3 // 2, spacecraft="tgo")["id"].to_list() == [made[2].id, made[1].id]
    assert find_products(again, "2018-04-22T12:00:00", "2018-04-22T13:00:00", agency="roscosmos")["id"].to_list() == [theirs.id]
    assert find_products(again, kind="orbit").is_empty()
    row = find_products(again, agency="roscosmos").to_dicts()[0]
    files = {one["name"]: one["sha256"] for one in json.loads(row.pop("files"))}
    assert files == {one.name: one.sha256 for one in theirs.files}
    assert row == {name: getattr(theirs, name) for name in row}
    assert pl.read_delta(str(tmp_path / "archive" / "tables" / "products")).height == 4


def test_two_who_keep_the_store_at_once_list_each_product_once(tmp_path: Path) -> None:
    open_archive(tmp_path / "archive", create=True)
    stores = [ProductStore(tmp_path) for _ in range(4)]
    for day in range(5):
        publish(stores[0], day)

    async def together() -> list[int]:
        tasks = [asyncio.to_thread(archive_products, open_archive(tmp_path / "archive"), one) for one in stores]
        return list(await asyncio.gather(*tasks))

    assert sorted(asyncio.run(together())) == [0, 0, 0, 5]
    assert find_products(open_archive(tmp_path / "archive")).height == 5


def test_the_list_is_looked_after_checked_and_copied_as_all_tables(tmp_path: Path) -> None:
    archive, store = open_archive(tmp_path / "archive", create=True), ProductStore(tmp_path)
    for day in range(3):
        publish(store, day)
        assert archive_products(archive, store) == 1
    assert check(archive).whole and "products" in check(archive).tables["table"].to_list()
    compact(archive, full=True)
    backup(archive, tmp_path / "copy")
    copy = open_archive(restore(tmp_path / "copy", tmp_path / "new"))
    assert find_products(copy).equals(find_products(archive)) and find_products(copy).height == 3 and check(copy).whole


def context_of(tmp_path: Path) -> Context:
    made = installed(tmp_path)
    return Context(made, "esa", MissionClock(0, 0, 1.0), Health("watchkeeper", "esa"))


def test_the_watchkeeper_lists_them_and_makes_a_lost_list_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.services.live.product_exchange.LOOK_S", 0.05)
    monkeypatch.setattr("aelita.services.live.product_exchange.LISTED_S", 0.2)
    context = context_of(tmp_path)
    store, place = ProductStore(context.home), context.installation.archive("esa")
    first = publish(store, 0)

    async def story() -> None:
        exchange = Exchange(context, cast(Streams, None), store)
        task = asyncio.create_task(exchange.archive())

        async def until(ids: set[str]) -> None:
            for _ in range(600):
                found = await asyncio.to_thread(lambda: find_products(open_archive(place))["id"])
                if set(found) == ids:
                    return
                await asyncio.sleep(0.05)
            raise AssertionError(f"never listed: {ids}, {context.health.faults}")

        await until({first.id})
        second = publish(ProductStore(context.home), 1)  # another process
        await until({first.id, second.id})
        lost = place / "tables" / "products"
        lost.rename(tmp_path / "lost")
        await until({first.id, second.id})
        task.cancel()

    asyncio.run(story())
    assert not context.health.faults


def test_the_command_line_asks_the_list(tmp_path: Path) -> None:
    archive, store = open_archive(tmp_path / "archive", create=True), ProductStore(tmp_path)
    made = [publish(store, day) for day in range(2)]
    archive_products(archive, store)
    words = ["archive", "products", "--archive", str(tmp_path / "archive"), "--start", "2018-04-22T06:00:00", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert (row["id"], row["start"]) == (made[1].id, "2018-04-22T00:00:00.000000000Z")
    assert row["files"][0] == {"name": made[1].files[0].name, "size": 5, "sha256": made[1].files[0].sha256}
    assert "Day 1" in CliRunner().invoke(app, words[:-1]).stdout
    assert CliRunner().invoke(app, [*words[:5], "noon"]).exit_code != 0


def test_a_copy_of_a_store_is_a_store(tmp_path: Path) -> None:
    store = ProductStore(tmp_path / "home")
    made = [publish(store, day) for day in range(2)]
    store.mark_sent(made[0])
    (store.folder / ".incoming" / "roscosmos").mkdir(parents=True)
    (store.folder / ".incoming" / "roscosmos" / "part").write_bytes(b"half")
    (store.folder / made[0].id / made[0].files[1].name).unlink()
    (store.folder / made[0].id / made[0].files[1].name).symlink_to("/etc/hostname")
    heard: list[int] = []
    copy = ProductStore(tmp_path / "copy")
    files, octets = copy_store(store, copy.folder, heard.append)
    assert (files, octets) == (len(heard), sum(heard)) and files == 6
    assert copy.find() == store.find() and copy.unsent("esa") == [made[1]]
    assert copy.octets(made[1], made[1].files[0]) == b"day 1"
    assert not any(one.is_symlink() for one in copy.folder.rglob("*")) and not (copy.folder / ".incoming").exists()


def test_a_backup_of_a_centre_holds_its_products(tmp_path: Path) -> None:
    made = installed(tmp_path)
    store = ProductStore(made.home("esa"))
    kept = [publish(store, day) for day in range(2)]
    with still(made) as centre:
        backups = Backups(centre)
        begun = backups.begin()
        assert backups._ended.wait(60)
        (one,) = backups.all()
    assert (one.state, one.why, one.files, one.octets) == ("done", "", one.all_files, one.all_octets)
    place = backups.folder / begun.name
    assert ProductStore(place).find() == store.find() and len(kept) == 2
    assert one.octets > sum(path.stat().st_size for path in (place / "products").rglob("*") if path.is_file()) > 0
