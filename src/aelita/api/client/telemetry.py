"""What is asked of telemetry: parameters and their values, packets and frames, what is missing, events, the mission database."""

from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from .answers_database import ComparisonAnswer, ContainerDefinition, ContainerItem, DatabaseAnswer, FoundItem, VersionItem
from .answers_telemetry import (
    CompletenessAnswer,
    FrameDecoded,
    LatestValue,
    PacketDecoded,
    ParameterDefinition,
    ParameterItem,
    QuarantineItem,
    SourceItem,
)
from .bulk import OCTETS, Samples, arrays_of, ask_samples, ask_table
from .core import Query, Steps, ask, ask_all, names_text, path_of, request_of
from .instants import Time, instant_text

if TYPE_CHECKING:
    import polars as pl

Names = str | list[str] | tuple[str, ...]
Order = Literal["asc", "desc"]
Raw = Literal[False, True, "both"]
MOST_OF_A_PAGE = 10_000


def parameters(
    search: str = "", *, spacecraft: str = "", container: str = "", limit: int | None = None
) -> Steps[list[ParameterItem]]:
    """Return the parameters of a spacecraft ("*": all) in which all words of `search` are found, best first."""
    return (yield from ask_all("/parameters", {"search": search, "spacecraft": spacecraft, "container": container}, limit))


def parameter(name: str, *, spacecraft: str = "", database: int | None = None) -> Steps[ParameterDefinition]:
    """Return the definition of a parameter: its qualified name, an unambiguous end of it, or an alias. Raises NotFoundError."""
    return (yield from ask("GET", path_of("parameters", name), {"spacecraft": spacecraft, "database": database}))


def values(
    names: Names, start: Time = None, stop: Time = None, *, raw: Raw = False, spacecraft: str = ""
) -> Steps["pl.DataFrame"]:
    """Return samples with start <= generation time < stop: a row a packet, a column a parameter, beside `utc` and `generated`.

    `names` are qualified names, ends of names that no other has, or patterns ("/TGO/attitude_*").
    `generated` is TAI nanoseconds; with raw="both" there are also columns NAME#raw. Bad samples are there: `quality` is not 0.
    """
    query = {"parameters": names_text(names), "raw": raw, "spacecraft": spacecraft, **_range(start, stop)}
    return (yield from ask_table("/values", query))


def arrays(
    names: Names, start: Time = None, stop: Time = None, *, raw: Raw = False, spacecraft: str = ""
) -> Steps[dict[str, NDArray[Any]]]:
    """Return what `values` does as NumPy arrays by column: `utc` as datetime64[ns], numbers with holes as floats with NaN."""
    return arrays_of((yield from values(names, start, stop, raw=raw, spacecraft=spacecraft)))


def samples(
    names: Names, start: Time = None, stop: Time = None, *, count: int = 600, raw: bool = False, spacecraft: str = ""
) -> Steps[Samples]:
    """Return parameters folded into about `count` buckets, for plots over any number of samples: minimum, maximum, mean."""
    query = {"parameters": names_text(names), "count": count, "raw": raw, "spacecraft": spacecraft, **_range(start, stop)}
    return (yield from ask_samples("/samples", query))


def latest(search: str = "", *, spacecraft: str = "", container: str = "", limit: int | None = None) -> Steps[list[LatestValue]]:
    """Return the latest good value of each parameter in whose name the words of `search` are found."""
    return (yield from ask_all("/latest", {"search": search, "spacecraft": spacecraft, "container": container}, limit))


def packets(
    start: Time = None, stop: Time = None, *, spacecraft: str = "", apid: int | None = None, virtual_channel: int | None = None,
    source: int | None = None, bad: bool | None = None, octets: bool = False, order: Order = "asc", limit: int | None = None,
) -> Steps["pl.DataFrame"]:  # fmt: skip
    """Return packets by generation time, with their octets when asked for; `bad` narrows to those that are not good, or are."""
    query = {
        "spacecraft": spacecraft, "apid": apid, "virtual_channel": virtual_channel, "source": source, "bad": bad,
        "octets": octets, "order": order, **_range(start, stop),
    }  # fmt: skip
    return (yield from _table("/packets", query, limit))


def packet(source: int, row: int) -> Steps[PacketDecoded]:
    """Return a packet with its octets (hexadecimal) and its fields: where each lies, what its bits say and mean."""
    return (yield from ask("GET", path_of("packets", source, row)))


def packet_octets(source: int, row: int) -> Steps[bytes]:
    """Return the octets of a packet, its primary header first. Raises NotFoundError, ForbiddenError."""
    return (yield request_of("GET", path_of("packets", source, row, "octets"), accept=OCTETS)).content


def frames(
    *, spacecraft: str = "", source: int | None = None, virtual_channel: int | None = None, bad: bool | None = None,
    octets: bool = False, order: Order = "asc", limit: int | None = None,
) -> Steps["pl.DataFrame"]:  # fmt: skip
    """Return transfer frames as they were received, by source and number."""
    query = {
        "spacecraft": spacecraft, "source": source, "virtual_channel": virtual_channel, "bad": bad, "octets": octets,
        "order": order,
    }  # fmt: skip
    return (yield from _table("/frames", query, limit))


def frame(source: int, number: int) -> Steps[FrameDecoded]:
    """Return a frame with its octets, the fields of its headers and trailers, and the packets that begin in it."""
    return (yield from ask("GET", path_of("frames", source, number)))


def quarantine(
    search: str = "", *, spacecraft: str = "", source: int | None = None, order: Order = "asc", limit: int | None = None
) -> Steps["pl.DataFrame"]:
    """Return the octets that could not be used, where they were and why; `search` holds words of the reason."""
    query = {"spacecraft": spacecraft, "source": source, "search": search, "order": order}
    return (yield from _table("/quarantine", query, limit))


def quarantined(source: int, position: int) -> Steps[QuarantineItem]:
    """Return quarantined octets (hexadecimal) by their offset in their source."""
    return (yield from ask("GET", path_of("quarantine", source, position)))


def completeness(*, spacecraft: str = "", source: int | None = None, limit: int = 500) -> Steps[CompletenessAnswer]:
    """Return what was received and what is missing, by virtual channel and application process; the `limit` latest holes."""
    return (yield from ask("GET", "/completeness", {"spacecraft": spacecraft, "source": source, "limit": limit}))


def events(
    start: Time = None, stop: Time = None, *, severity: int = 0, search: str = "", spacecraft: str = "",
    source: int | None = None, order: Order = "asc", limit: int | None = None,
) -> Steps["pl.DataFrame"]:  # fmt: skip
    """Return the events that a spacecraft reported, of a severity (1 information to 4 high) or above."""
    return (yield from _table("/events", _search(start, stop, severity, search, spacecraft, order) | {"source": source}, limit))


def limits(
    start: Time = None, stop: Time = None, *, severity: int = 0, search: str = "", spacecraft: str = "",
    source: int | None = None, order: Order = "asc", limit: int | None = None,
) -> Steps["pl.DataFrame"]:  # fmt: skip
    """Return when parameters went out of their limits and came back; `severity` (1 to 5) is that before or after."""
    return (yield from _table("/limits", _search(start, stop, severity, search, spacecraft, order) | {"source": source}, limit))


def sources(search: str = "", *, spacecraft: str = "", limit: int | None = None) -> Steps[list[SourceItem]]:
    """Return the recordings and live streams in the archive, and what each gave."""
    return (yield from ask_all("/sources", {"search": search, "spacecraft": spacecraft}, limit))


def database(*, spacecraft: str = "", number: int | None = None) -> Steps[DatabaseAnswer]:
    """Return what is to be told of a spacecraft's mission database: what it holds, and what in it is not acted upon."""
    return (yield from ask("GET", "/database", {"spacecraft": spacecraft, "database": number}))


def search_database(
    search: str, *, kind: Literal["", "parameter", "container", "type", "alias"] = "", of_type: str = "",
    spacecraft: str = "", number: int | None = None, limit: int | None = None,
) -> Steps[list[FoundItem]]:  # fmt: skip
    """Return the parameters, containers, types and aliases in which all words are found, or only parameters of a type."""
    query = {"search": search, "kind": kind, "of_type": of_type, "spacecraft": spacecraft, "database": number}
    return (yield from ask_all("/database/search", query, limit))


def containers(
    search: str = "", *, spacecraft: str = "", number: int | None = None, limit: int | None = None
) -> Steps[list[ContainerItem]]:
    """Return the containers of a mission database by name."""
    query = {"search": search, "spacecraft": spacecraft, "database": number}
    return (yield from ask_all("/database/containers", query, limit))


def container(name: str, *, spacecraft: str = "", number: int | None = None) -> Steps[ContainerDefinition]:
    """Return a container: what it inherits and when, its entries, its fields with their places. Raises NotFoundError."""
    query = {"spacecraft": spacecraft, "database": number}
    return (yield from ask("GET", path_of("database/containers", name), query))


def database_versions(*, spacecraft: str = "") -> Steps[list[VersionItem]]:
    """Return the versions of a spacecraft's database that the archive knows, and that of the mission's files (number 0)."""
    return (yield from ask("GET", "/database/versions", {"spacecraft": spacecraft}))


def database_text(number: int, *, spacecraft: str = "") -> Steps[bytes]:
    """Return the text of a version as the archive keeps it: an XTCE document, or a JSON bundle of several."""
    request = request_of("GET", path_of("database/versions", number), {"spacecraft": spacecraft}, accept="*/*")
    return (yield request).content


def compare_databases(before: int, after: int, *, spacecraft: str = "") -> Steps[ComparisonAnswer]:
    """Return what changed from one version to another, the gravest first, and what each change means for history."""
    query = {"spacecraft": spacecraft, "before": before, "after": after}
    return (yield from ask("GET", "/database/compare", query))


def _range(start: Time, stop: Time) -> dict[str, str | None]:
    return {"start": instant_text(start), "stop": instant_text(stop)}


def _search(start: Time, stop: Time, severity: int, search: str, spacecraft: str, order: Order) -> dict[str, object]:
    told = {"severity": severity or None, "search": search, "spacecraft": spacecraft, "order": order}
    return {**told, **_range(start, stop)}


def _table(path: str, query: Query, limit: int | None) -> Steps["pl.DataFrame"]:
    """Return a table, or its first `limit` rows: of more than a page the centre sends all that there are."""
    most = limit if limit is None or limit <= MOST_OF_A_PAGE else None
    table = yield from ask_table(path, {**query, "limit": most})
    return table if limit is None else table.head(limit)
