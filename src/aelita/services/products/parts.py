"""Products on streams: octets in numbered parts, put together again, whatever order they come in and however often.

What travels is one line of JSON, the record, and behind it the files in its order. Headers of each part tell the id, which part
of how many it is, and the SHA-256 of the whole, so that parts of two products never mix.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from ...agencies import subject
from ...errors import DataError
from .model import COLLECTION, IDENT, SHA256, Product, product_of
from .store import MOST_FILES, MOST_OCTETS, MOST_RECORD, ProductStore, sync_folder, write_synced

PART_OCTETS = (256 << 10) - 2048  # with its headers a message stays below 256 KiB
MOST_PARTS = (MOST_OCTETS + MOST_RECORD) // PART_OCTETS + 1
DONE = "done"
MOST_WAITING = 32  # products of a partner that are not whole yet
ID, PART, OF, DIGEST = (f"Aelita-Product-{word}" for word in ("Id", "Part", "Of", "Sha256"))
COUNT = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it is published: `name` is its own in the stream, by which the server knows it again."""

    name: str
    headers: dict[str, str]
    payload: bytes


def subject_of_products(agency: str) -> str:
    """Return the subject on which an agency publishes products of flight dynamics."""
    return subject(agency, "products", collection=COLLECTION)


def parts_of(store: ProductStore, product: Product) -> Iterator[Part]:
    """Return the parts of a product. Raises DataError when a file is no longer what was published."""
    whole = orjson.dumps(product.told()) + b"\n" + b"".join(store.octets(product, one) for one in product.contents)
    digest = hashlib.sha256(whole).hexdigest()
    count = (len(whole) - 1) // PART_OCTETS + 1
    for number in range(1, count + 1):
        headers = {ID: product.id, PART: str(number), OF: str(count), DIGEST: digest}
        payload = whole[(number - 1) * PART_OCTETS : number * PART_OCTETS]
        yield Part(f"{product.id}-{digest[:16]}-{number}", headers, payload)


class Incoming:
    """Parts from one partner, kept on disk until a product is whole: a restart goes on where it stood."""

    def __init__(self, store: ProductStore, giver: str) -> None:
        self.store, self.giver = store, giver
        self.folder = store.folder / ".incoming" / giver

    def take(self, headers: Mapping[str, str], payload: bytes) -> Product | None:
        """Keep a part; return the product when it is the last one that was missing, and is new here.

        Raises DataError for what is no part, for a product that is not what it says, or not the giver's; its parts are gone then.
        """
        ident, digest, number, count = self._told(headers, payload)
        done = self.folder / DONE / ident
        if done.is_file() and done.read_bytes() == digest.encode():
            return None
        place = self.folder / f"{digest}-{count}"
        if not place.is_dir():
            self._make_room()
            place.mkdir(parents=True, exist_ok=True)
        part = place / f"{number:05d}"
        if not part.exists():
            new = part.with_suffix(".new")
            new.unlink(missing_ok=True)
            write_synced(new, payload)
            new.replace(part)
            sync_folder(place)
        if sum(1 for one in place.iterdir() if one.suffix != ".new") < count:
            return None
        try:
            made = self._put_together(ident, digest, b"".join((place / f"{n:05d}").read_bytes() for n in range(1, count + 1)))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        done.parent.mkdir(exist_ok=True)
        done.write_text(digest, "ascii")
        return made

    def _told(self, headers: Mapping[str, str], payload: bytes) -> tuple[str, str, int, int]:
        ident, digest, number, count = (headers.get(name, "") for name in (ID, DIGEST, PART, OF))
        fits = IDENT.fullmatch(ident) and SHA256.fullmatch(digest) and COUNT.fullmatch(number) and COUNT.fullmatch(count)
        if not fits or not 1 <= int(number) <= int(count) <= MOST_PARTS or not 0 < len(payload) <= PART_OCTETS:
            raise DataError(f"no part of a product: {ident!r}, {number!r} of {count!r}", where=self.giver)
        return ident, digest, int(number), int(count)

    def _make_room(self) -> None:
        """Let go the oldest of too many that never became whole: their partner has to publish them again."""
        waiting = sorted(self.folder.glob("*-*"), key=lambda one: one.stat().st_mtime) if self.folder.is_dir() else []
        for one in waiting[: max(len(waiting) - MOST_WAITING + 1, 0)]:
            shutil.rmtree(one, ignore_errors=True)

    def _put_together(self, ident: str, digest: str, whole: bytes) -> Product | None:
        if hashlib.sha256(whole).hexdigest() != digest:
            raise DataError("its SHA-256 is another than was said", where=ident, remedy="It is to be sent again")
        head, end, rest = whole.partition(b"\n")
        if not end or len(head) > MOST_RECORD:
            raise DataError("it does not begin with a record", where=ident)
        try:
            told = orjson.loads(head)
        except ValueError as error:
            raise DataError(f"its record is no JSON: {error}", where=ident) from error
        product = product_of(told, f"record of {ident} from {self.giver}")
        if (product.id, product.agency) != (ident, self.giver):
            raise DataError(f"{self.giver} sent a product of {product.agency} as {ident}", where=product.id)
        if len(product.files) > MOST_FILES or product.octets != len(rest):
            raise DataError(f"{len(rest)} octets of files, and the record names {product.octets}", where=ident)
        contents, at = dict[str, bytes](), 0
        for file in product.contents:
            contents[file.name] = rest[at : at + file.size]
            at += file.size
        return product if self.store.keep(product, contents) else None
