"""What a product is: its record, and the files that it consists of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import DataError, TimeError
from ...time import tai_ns_from_utc, utc_from_tai_ns

COLLECTION = "navigation"  # by which the agreement gives products of flight dynamics
KINDS = (
    "orbit", "attitude", "tracking", "clock", "residuals", "passes", "events", "porkchop", "cruise", "corridor", "launch",
    "pointing", "doppler",
)  # fmt: skip
GRADES = ("", "A", "B", "C", "D", "E", "kernel", "stated", "derived", "analogue", "recalled", "assumed")
MEDIA = {  # by the ending of a file
    "oem": "text/plain", "opm": "text/plain", "aem": "text/plain", "tdm": "text/plain", "cdm": "text/plain", "kvn": "text/plain",
    "txt": "text/plain", "tsc": "text/plain", "tls": "text/plain", "csv": "text/csv", "xml": "application/xml",
    "json": "application/json", "png": "image/png", "bsp": "application/octet-stream", "bc": "application/octet-stream",
    "parquet": "application/vnd.apache.parquet", "arrow": "application/vnd.apache.arrow.file",
}  # fmt: skip
DATA = "data"  # ending of what is shown
IDENT = re.compile(r"[a-z][a-z0-9]{0,15}(?:_[a-z0-9-]{1,32}){2,8}_v[0-9]{2,4}")
FILE_NAME = re.compile(rf"(?:{IDENT.pattern})\.[a-z0-9]{{1,12}}")
SHA256 = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LONGEST_TITLE, LONGEST_NAME = 200, 128


@dataclass(frozen=True, slots=True)
class File:
    """A file of a product: its name, media type, octets, and their SHA-256 in hexadecimal."""

    name: str
    media: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published: of which kind and spacecraft, from when to when (TAI nanoseconds), in words; how sure it is.

    `type` has the three letters of the ExoMars convention: who made it, period, and predicted or measured; `label` is its [_ID].
    """

    kind: str
    spacecraft: str
    title: str
    start: int
    stop: int
    type: str = "fop"
    label: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A product that was published. `name` is that of all its versions; instants are TAI nanoseconds.

    `data` describes what is shown of it (a JSON file of the record's own), None when it is files alone.
    """

    id: str
    kind: str
    spacecraft: str
    name: str
    title: str
    start: int
    stop: int
    made_at: int
    made_by: str
    agency: str
    grade: str
    files: tuple[File, ...]
    data: File | None = None

    def told(self) -> dict[str, Any]:
        """Return its record as JSON has it: instants are texts in UTC."""
        return {
            "id": self.id, "kind": self.kind, "spacecraft": self.spacecraft, "name": self.name, "title": self.title,
            "start": _utc(self.start), "stop": _utc(self.stop), "made_at": _utc(self.made_at), "made_by": self.made_by,
            "agency": self.agency, "grade": self.grade, "files": [_told(one) for one in self.files],
            "data": None if self.data is None else _told(self.data),
        }  # fmt: skip

    @property
    def contents(self) -> tuple[File, ...]:
        """All its files: what is shown of it first, if there is any."""
        return (*(() if self.data is None else (self.data,)), *self.files)

    @property
    def octets(self) -> int:
        """How long all its files are together."""
        return sum(one.size for one in self.contents)


def media_of(name: str) -> str:
    """Return the media type of a file by its ending, nothing for one that no product has."""
    ending = name.rpartition(".")[2]
    return "application/json" if ending == DATA else MEDIA.get(ending, "")


def product_of(told: object, where: str) -> Product:
    """Return the product that a record tells of. Raises DataError naming what in it is none: it may come from a partner."""
    record = _Record(told, where)
    ident = record.matching("id", IDENT)
    files = record.entry("files", list)
    shown = record.entry("data", dict, type(None))
    made = Product(
        ident, record.one_of("kind", KINDS), record.matching("spacecraft", KEY), record.text("name", LONGEST_NAME),
        record.text("title", LONGEST_TITLE), record.instant("start"), record.instant("stop"), record.instant("made_at"),
        record.text("made_by", LONGEST_NAME), record.matching("agency", KEY), record.one_of("grade", GRADES),
        tuple(_file(one, ident, f"{where}, files") for one in files),
        None if shown is None else _file(shown, ident, f"{where}, data"),
    )  # fmt: skip
    names = [one.name for one in made.contents]
    if len(set(names)) < len(names):
        raise DataError("two files have one name", where=where, remedy="Each file of a product has an ending of its own")
    if made.start > made.stop:
        raise DataError("it ends before it begins", where=where)
    if made.name != ident.rpartition("_v")[0]:
        raise DataError(f"{ident!r} is no version of {made.name!r}", where=where)
    return made


def _file(told: object, ident: str, where: str) -> File:
    record = _Record(told, where)
    name = record.matching("name", FILE_NAME)
    if name.partition(".")[0] != ident:
        raise DataError(f"{name!r} is no file of {ident!r}", where=where)
    size, media = record.entry("size", int), record.text("media", LONGEST_NAME)
    if size < 0:
        raise DataError(f"size is {size}", where=where)
    if media != media_of(name):
        raise DataError(f"{name!r} is no {media!r}", where=where)
    return File(name, media, size, record.matching("sha256", SHA256))


class _Record:
    """A table of JSON, read strictly."""

    def __init__(self, told: object, where: str) -> None:
        if not isinstance(told, Mapping):
            raise DataError("no record but another value", where=where)
        self.told, self.where = told, where

    def entry(self, key: str, *kinds: type) -> Any:
        value = self.told.get(key)
        if type(value) not in kinds:
            raise DataError(f"{key} is {str(value)[:80]!r}", where=self.where, remedy="It is of another type")
        return value

    def text(self, key: str, longest: int) -> str:
        value: str = self.entry(key, str)
        if len(value) > longest or not value.isprintable():
            raise DataError(f"{key} is {value[:80]!r}", where=self.where, remedy=f"It is a line of {longest} characters at most")
        return value

    def matching(self, key: str, form: re.Pattern[str]) -> str:
        value = self.text(key, LONGEST_TITLE)
        if not form.fullmatch(value):
            raise DataError(f"{key} is {value!r}", where=self.where, remedy="It has other letters than the convention")
        return value

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = self.text(key, LONGEST_TITLE)
        if value not in known:
            raise DataError(f"{key} is {value!r}", where=self.where, remedy=f"It is one of {', '.join(filter(None, known))}")
        return value

    def instant(self, key: str) -> int:
        value = self.text(key, LONGEST_TITLE)
        try:
            return tai_ns_from_utc(value.removesuffix("Z"))
        except TimeError as error:
            raise DataError(f"{key} is {value!r}: {error.what}", where=self.where, remedy="Give UTC from 1972 to 2261") from error


def _told(file: File) -> dict[str, Any]:
    return {"name": file.name, "media": file.media, "size": file.size, "sha256": file.sha256}


def _utc(at: int) -> str:
    return f"{utc_from_tai_ns(at)}Z"
