"""Products as folders of files. A folder comes into being whole, by one renaming, and never changes."""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from ...errors import ArchiveError, DataError, UsageError
from .displayed import check_data, shown_in
from .model import COLLECTION, DATA, IDENT, KEY, MEDIA, Draft, File, Product, media_of, product_of
from .naming import Names
from .orbits import orbit_data

RECORD = "record.json"
MOST_OCTETS, MOST_FILES = 64 << 20, 16
MOST_VERSIONS = 9999
NEW, SENT = ".new-", ".sent"
ABANDONED_S = 3600.0  # a folder of a writer that was killed is removed after this
MOST_RECORD = 1 << 20
VERSION = re.compile(r"_v([0-9]{2,4})")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which products: of a kind, a spacecraft, an agency (empty: all); `before` is the id behind which the list goes on."""

    kind: str = ""
    spacecraft: str = ""
    agency: str = ""
    before: str = ""


EVERY = Sought()


class ProductStore:
    """The products that an agency has, its own and those of partners. Threads and processes may share its folder."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "products" / COLLECTION
        self._known: dict[str, Product] = {}

    def publish(
        self,
        draft: Draft,
        files: Mapping[str, bytes],
        data: object = None,
        *,
        names: Names,
        agency: str,
        made_by: str,
        made_at: int,
    ) -> Product:
        """Keep a new product, or the next version of one, and return it. `files` maps endings (`oem`, `bsp`) to octets.

        Of an orbit what is shown is made from its OEM when there is no `data`. Raises UsageError for a draft that does not fit
        together, DataError for files or data that are not what they should be, ArchiveError when the disk refuses.
        """
        contents = {ending.casefold().lstrip("."): octets for ending, octets in files.items()}
        if data is None and draft.kind == "orbit" and "oem" in contents:
            data = orbit_data(contents["oem"], "the OEM of the product")
        shown = check_data(draft.kind, data)
        _check_contents(draft, contents, shown)
        name = names.name_of(draft)
        for number in range(self._newest(name) + 1, MOST_VERSIONS):
            ident = f"{name}_v{number:02d}"
            made = Product(
                ident, draft.kind, draft.spacecraft, name, draft.title, draft.start, draft.stop, made_at, made_by, agency,
                draft.grade, tuple(_file(ident, ending, octets) for ending, octets in contents.items()),
                _file(ident, DATA, shown) if shown else None,
            )  # fmt: skip
            product_of(made.told(), "product")
            octets = {f"{ident}.{ending}": one for ending, one in (contents | ({DATA: shown} if shown else {})).items()}
            try:
                if self._put(made, octets):
                    return made
            except OSError as error:
                why = f"the product cannot be kept: {error.strerror or error}"
                raise ArchiveError(why, where=str(self.folder), remedy="Free some disk and publish it again") from error
        raise UsageError(f"there are {MOST_VERSIONS} versions of {name}", remedy="Give the product a label of its own")

    def keep(self, product: Product, contents: Mapping[str, bytes]) -> bool:
        """Keep a product that a partner sent, and tell whether it is new. Raises DataError when a file is not as its record says.

        One of the same id that is here already stays: DataError says so when it is another.
        """
        for file in product.contents:
            octets = contents.get(file.name, b"")
            if len(octets) != file.size or hashlib.sha256(octets).hexdigest() != file.sha256:
                raise DataError(f"{file.name} is not as its record says", where=product.id, remedy="It is to be sent again")
        if set(contents) != {one.name for one in product.contents}:
            raise DataError("it has files that its record does not name", where=product.id)
        if product.data is not None:
            shown_in(contents[product.data.name], product.id)
        if self._put(product, contents):
            return True
        if self.get(product.id) != product:
            other = f"another product is called {product.id} here"
            raise DataError(other, where=product.agency, remedy="It is to be published under another label")
        return False

    def get(self, ident: str) -> Product | None:
        """Return a product by its id, None when there is none, or its record is damaged."""
        if ident in self._known:
            return self._known[ident]
        if not IDENT.fullmatch(ident):
            return None
        path = self.folder / ident / RECORD
        try:
            if path.stat().st_size > MOST_RECORD:
                return None
            found = product_of(orjson.loads(path.read_bytes()), str(path))
        except (OSError, ValueError, DataError):
            return None
        if found.id != ident:
            return None
        self._known[ident] = found
        return found

    def find(self, sought: Sought = EVERY) -> list[Product]:
        """Return the products that are sought, those made last first."""
        found = [one for ident in self._idents() if (one := self.get(ident)) is not None]
        found.sort(key=lambda one: (-one.made_at, one.id))
        if sought.before:
            last = self.get(sought.before)
            found = [] if last is None else [one for one in found if (-one.made_at, one.id) > (-last.made_at, last.id)]
        return [
            one
            for one in found
            if sought.kind in ("", one.kind) and sought.spacecraft in ("", one.spacecraft) and sought.agency in ("", one.agency)
        ]

    def changed(self) -> int:
        """Return a number that is another one when something came into the store, 0 while there is none."""
        try:
            return self.folder.stat().st_mtime_ns
        except OSError:
            return 0

    def path(self, product: Product, name: str) -> Path | None:
        """Return where a file of a product is, None when it has none of that name."""
        known = any(one.name == name for one in product.contents)
        return self.folder / product.id / name if known else None

    def octets(self, product: Product, file: File) -> bytes:
        """Return a file's octets. Raises DataError when they are no longer what was published."""
        path = self.folder / product.id / file.name
        try:
            octets = path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
        if hashlib.sha256(octets).hexdigest() != file.sha256:
            raise DataError("the file is no longer what was published", where=str(path), remedy="Restore it from a backup")
        return octets

    def data(self, product: Product) -> object:
        """Return what is shown of a product, an empty table for one that is files alone. Raises DataError when it is damaged."""
        return {} if product.data is None else shown_in(self.octets(product, product.data), product.id)

    def unsent(self, agency: str) -> list[Product]:
        """Return the agency's own products that are not marked as sent, those made first first."""
        sent = self._sent()
        waiting = [one for ident in self._idents() if ident not in sent and (one := self.get(ident)) is not None]
        return sorted((one for one in waiting if one.agency == agency), key=lambda one: (one.made_at, one.id))

    def mark_sent(self, product: Product) -> None:
        """Note that a product is on the stream whole."""
        (self.folder / SENT).mkdir(parents=True, exist_ok=True)
        (self.folder / SENT / product.id).touch()

    def _sent(self) -> set[str]:
        with contextlib.suppress(OSError):
            return {one.name for one in os.scandir(self.folder / SENT)}
        return set()

    def _idents(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError):
            yield from (one.name for one in os.scandir(self.folder) if IDENT.fullmatch(one.name))

    def _newest(self, name: str) -> int:
        versions = [VERSION.fullmatch(ident.removeprefix(name)) for ident in self._idents() if ident.startswith(name)]
        return max((int(one[1]) for one in versions if one), default=0)

    def _put(self, product: Product, contents: Mapping[str, bytes]) -> bool:
        """Write a folder beside the others and give it its name when all is on disk; return False when the name is taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        place = self.folder / product.id
        if place.exists():
            return False
        new = self.folder / f"{NEW}{secrets.token_hex(8)}"
        new.mkdir()
        try:
            record = orjson.dumps(product.told(), option=orjson.OPT_INDENT_2)
            for name, octets in {**contents, RECORD: record}.items():
                write_synced(new / name, octets)
            sync_folder(new)
            try:
                new.rename(place)
            except OSError:
                if place.exists():
                    return False
                raise
            sync_folder(self.folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        self._known[product.id] = product
        return True

    def _tidy(self) -> None:
        for one in self.folder.glob(f"{NEW}*"):
            with contextlib.suppress(OSError):
                if time.time() - one.stat().st_mtime > ABANDONED_S:
                    shutil.rmtree(one, ignore_errors=True)


def _check_contents(draft: Draft, contents: Mapping[str, bytes], shown: bytes) -> None:
    unknown = [ending for ending in contents if ending not in MEDIA]
    if unknown:
        raise DataError(f"no file of a product ends in {unknown[0]!r}", where="product", remedy=f"Endings: {', '.join(MEDIA)}")
    if not KEY.fullmatch(draft.spacecraft):
        raise UsageError(f"spacecraft is {draft.spacecraft!r}", where="product", remedy="Give the key of one of the mission")
    if draft.start > draft.stop:
        raise UsageError("it ends before it begins", where="product", remedy="Give start and stop in their order")
    if not contents and not shown:
        raise DataError("it has neither files nor data", where="product", remedy="Give at least one file")
    total = sum(map(len, contents.values())) + len(shown)
    if len(contents) > MOST_FILES or total > MOST_OCTETS:
        raise DataError(
            f"{len(contents)} files of {total} octets together", where="product",
            remedy=f"At most {MOST_FILES} of {MOST_OCTETS >> 20} MiB together: publish several products",
        )  # fmt: skip


def _file(ident: str, ending: str, octets: bytes) -> File:
    return File(f"{ident}.{ending}", media_of(ending), len(octets), hashlib.sha256(octets).hexdigest())


def write_synced(path: Path, octets: bytes) -> None:
    """Write a new file and have it on disk."""
    with path.open("xb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
