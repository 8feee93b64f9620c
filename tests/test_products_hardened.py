"""Products against what goes wrong: full disks, forged parts, links in the folder, thousands of them."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from aelita.errors import ArchiveError, DataError
from aelita.services import find_mission
from aelita.services.live import product_exchange
from aelita.services.live.clock import MissionClock
from aelita.services.live.health import Health
from aelita.services.live.installation import Installation
from aelita.services.live.product_exchange import Exchange
from aelita.services.live.serving import Context
from aelita.services.live.streams import Streams
from aelita.services.products import Draft, Incoming, Product, ProductStore, Sought, parts_of, read_names, store
from aelita.time import DAY, tai_ns_from_utc
from api_archive_material import still
from api_material import installed
from test_api_operations import Desk

BEGIN = tai_ns_from_utc("2018-04-21")
NAMES = read_names(find_mission("exomars"))
DRAFT = Draft("tracking", "tgo", "A day of tracking", BEGIN, BEGIN + DAY, "fom")
SHOWN = {"rows": [1, 2]}


def publish(kept: ProductStore, agency: str = "roscosmos", **how: Any) -> Product:
    return kept.publish(DRAFT, {"tdm": b"x"}, names=NAMES, agency=agency, made_by="vera", made_at=BEGIN, **how)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether the disk is full."""
    state, real = [True], store.write_synced

    def write(path: Path, octets: bytes) -> None:
        if state[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, octets)

    monkeypatch.setattr(store, "write_synced", write)
    yield state


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, full: list[bool]) -> None:
    kept = ProductStore(tmp_path)
    with pytest.raises(ArchiveError, match="No space left"):
        publish(kept)
    assert not kept.find() and not list(kept.folder.iterdir())
    full[0] = False
    assert publish(kept).id.endswith("_v01")


def test_a_full_disk_is_told_over_the_interface(tmp_path: Path, full: list[bool]) -> None:
    record = {"kind": "tracking", "spacecraft": "tgo", "title": "x", "start": "2018-04-21", "stop": "2018-04-22"}
    with still(installed(tmp_path)) as centre:
        vera = Desk(centre)
        sent = {"data": {"record": orjson.dumps(record).decode()}, "files": [("files", ("a.tdm", b"x"))]}
        answer = vera.now("POST", "navigation/products", **sent)
        assert answer.status_code == 503 and "No space left" in answer.text and not vera.noted("product.published")
        full[0] = False
        assert vera.now("POST", "navigation/products", **sent).status_code == 201


def test_a_file_that_became_a_link_is_not_given(tmp_path: Path) -> None:
    made = installed(tmp_path)
    kept = ProductStore(made.home("esa"))
    product = publish(kept, "esa")
    path = kept.folder / product.id / product.files[0].name
    with still(made) as centre:
        vera, where = Desk(centre), f"navigation/products/{product.id}/files/{product.files[0].name}"
        assert vera.now("GET", where).content == b"x"
        secret = tmp_path / "secret"
        secret.write_text("do not tell")
        path.unlink()
        path.symlink_to(secret)
        answer = vera.now("GET", where)
        assert answer.status_code == 410 and "do not tell" not in answer.text
        folder = kept.folder / product.id
        path.unlink()
        folder.rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / path.name).write_text("do not tell")
        folder.symlink_to(tmp_path / "elsewhere")
        assert vera.now("GET", where).status_code == 410


def parts(product: Product, kept: ProductStore, shown: bytes) -> tuple[dict[str, str], bytes]:
    """Return the one part of a product whose shown document is another, with all digests as they should be."""
    part = next(parts_of(kept, product))
    told = orjson.loads(part.payload.split(b"\n", 1)[0])
    digest = hashlib.sha256(shown).hexdigest()
    told["data"] = {"name": f"{product.id}.data", "media": "application/json", "size": len(shown), "sha256": digest}
    whole = orjson.dumps(told) + b"\n" + shown + b"x"
    headers = part.headers | {"Aelita-Product-Sha256": hashlib.sha256(whole).hexdigest()}
    return headers, whole


@pytest.mark.parametrize("shown", [b"{", b"[]", b"null", b"\xff", b'"text"', b"NaN", b"[" * 2000])
def test_what_a_partner_shows_is_a_document(tmp_path: Path, shown: bytes) -> None:
    theirs, ours = ProductStore(tmp_path / "theirs"), ProductStore(tmp_path / "ours")
    product = publish(theirs)
    incoming = Incoming(ours, "roscosmos")
    with pytest.raises(DataError, match="shown of it"):
        incoming.take(*parts(product, theirs, shown))
    assert not ours.find()
    assert incoming.take(*parts(product, theirs, orjson.dumps(SHOWN))) is not None and ours.data(ours.find()[0]) == SHOWN


def context_of(made: Installation) -> Context:
    return Context(made, "esa", MissionClock(0, 0, 1.0), Health("watchkeeper", "esa"))


def test_whatever_a_part_does_to_its_reader_the_next_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of(installed(tmp_path))
    theirs, ours = ProductStore(tmp_path / "theirs"), ProductStore(context.home)
    product = publish(theirs)
    good = next(parts_of(theirs, product))
    acknowledged: list[str] = []

    class Message:
        def __init__(self, headers: Any, data: bytes) -> None:
            self.headers, self.data = headers, data

        async def ack(self) -> None:
            acknowledged.append(str(self.headers)[:20])

    async def messages() -> Any:
        for one in (None, 7, good.headers):
            yield Message(one, good.payload)

    @asynccontextmanager
    async def follow(*_: Any, **__: Any) -> Any:
        yield messages()

    monkeypatch.setattr(product_exchange, "follow", follow)
    exchange = Exchange(context, cast(Streams, None), ours)
    asyncio.run(exchange._follow("roscosmos", Incoming(ours, "roscosmos")))
    assert len(acknowledged) == 3 and ours.find() == [product]


def test_thousands_of_products_are_listed(tmp_path: Path) -> None:
    kept = ProductStore(tmp_path)
    first = publish(kept)
    record = orjson.dumps(first.told())
    count = 3000
    for number in range(count):
        name = first.name.replace("tracking", f"tracking_n{number}")
        folder = kept.folder / f"{name}_v01"
        folder.mkdir()
        octets = record.replace(first.id.encode(), folder.name.encode()).replace(first.name.encode(), name.encode())
        (folder / "record.json").write_bytes(octets)
    other = ProductStore(tmp_path)
    assert len(other.find()) == count + 1 and not other.find(Sought(kind="orbit"))
    assert len(other.unsent("roscosmos")) == count + 1
    assert publish(other).id == f"{first.name}_v02"
