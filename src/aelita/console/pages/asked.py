"""What several pages ask and read alike: who looks and what they may, which spacecraft there are, times that are typed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from ...errors import AelitaError, TimeError
from ...time import SECOND, tai_ns_from_utc, utc_from_tai_ns
from ..asking import ask
from ..look import look, say
from . import frame

SHORT = 12  # characters of a cell that is never broken
RANGES = ((900, "15 min"), (3600, "1 h"), (21_600, "6 h"), (86_400, "24 h"))


@dataclass(frozen=True, slots=True)
class Who:
    """Who looks: `may` is None when that is not told; then everything is offered, and the interface refuses what may not be."""

    user: str = ""
    agency: str = ""
    roles: tuple[str, ...] = ()
    may: frozenset[str] | None = None
    password: bool = True  # who logs in through an organisation has none here

    def can(self, permission: str) -> bool:
        """Tell whether they may do what needs a permission."""
        return self.may is None or permission in self.may


async def who() -> Who:
    """Return who looks at the page."""
    try:
        told = await ask("GET", "auth/me")
    except AelitaError:
        return Who()
    may = frozenset(told["may"]) if told.get("may") is not None else None
    password = told.get("password") is not False
    return Who(str(told.get("user", "")), str(told.get("agency", "")), tuple(told.get("roles") or ()), may, password)


def act(
    label: str, on_click: Callable[[], Any], permission: str, looks: Who, *, kind: str = "", key: str = "", hint: str = ""
) -> ui.element:
    """Add a button for what needs a permission; without it the button does nothing, and says why. `key` is its letter."""
    allowed = looks.can(permission)

    def clicked() -> Any:
        return on_click() if allowed else None

    made = frame.button(label, clicked, kind, hint=hint or (f"{label} ({key})" if key else ""))
    if key:
        with made:
            frame.text(key, "kbd")
    if not allowed:
        made.props["aria-disabled"] = "true"
        made.props["title"] = f"{say('act.forbidden')}: {permission}"
    return made


async def spacecraft() -> list[str]:
    """Return the spacecraft that the centre follows; none when it does not say."""
    try:
        return [str(one) for one in (await ask("GET", "status")).get("spacecraft") or []]
    except AelitaError:
        return []


def craft_choice(crafts: Sequence[str], chosen: str, on_change: Callable[[str], Any], *, every: bool = True) -> None:
    """Add the choice of a spacecraft when there are several."""
    if len(crafts) > 1:
        options = ({"": say("act.all.spacecraft")} if every else {}) | {one: one for one in crafts}
        frame.select(say("column.spacecraft"), options, chosen if chosen in options else next(iter(options)), on_change, "140px")


def typed_instant(text: str) -> str:
    """Return a typed UTC date, time or day of year as an instant of the interface, nothing for nothing. Raises TimeError."""
    plain = text.strip().rstrip("zZ").replace(" ", "T")
    return f"{utc_from_tai_ns(tai_ns_from_utc(plain))}Z" if plain else ""


def time_field(
    label: str, value: str, on_change: Callable[[str], Any], *, width: str = "172px", keep: str = ""
) -> ui.input | ui.textarea:
    """Add a field for an instant; `on_change` is told of what can be read, as an instant, and what cannot is marked."""

    def changed(text: str) -> Any:
        try:
            found = typed_instant(text)
        except TimeError as error:
            made.props["error"] = True
            made.props["title"] = str(error)
            return None
        made.props.pop("error", None)
        made.props["title"] = label
        return on_change(found)

    made = frame.field(label, value, on_change=changed, width=width, mono=True, keep=keep)
    made.props["title"] = label
    made.props["hide-bottom-space"] = True
    return made


def ranges(on_change: Callable[[str], Any]) -> None:
    """Add a choice of ready-made ranges that end now by the mission's clock; `on_change` takes where one begins."""

    async def pick(seconds: str) -> None:
        start = ""
        if seconds:
            try:
                now = str((await ask("GET", "clock"))["mission"])
            except AelitaError as error:
                frame.tell(str(error), bad=True)
                return
            start = f"{utc_from_tai_ns(tai_ns_from_utc(now.rstrip('Z')) - int(seconds) * SECOND)}Z"
        done = on_change(start)
        if isinstance(done, Awaitable):
            await done

    options = {"": say("act.any.time")} | {str(seconds): f"{say('act.last')} {shown}" for seconds, shown in RANGES}
    frame.select(say("act.range"), options, "", pick, "124px")


def shown_instant(told: object, decimals: int = 0) -> frame.Times:
    """Return an instant of the interface as the user has chosen to read it."""
    text = str(told or "")
    if not text:
        return frame.Times("–")
    try:
        shown = utc_from_tai_ns(tai_ns_from_utc(text.rstrip("Z")), decimals, day_of_year=look().form == "doy")
    except TimeError:
        return frame.Times(text)
    return frame.Times(shown.replace("T", " "))


def rows_of(answer: Any, *names: str) -> list[dict[str, Any]]:
    """Return the rows of an answer: a list, a page, or an object that holds the list under one of some names."""
    if isinstance(answer, Mapping):
        answer = next((answer[name] for name in ("items", *names) if isinstance(answer.get(name), list)), [])
    return [dict(one) for one in answer or [] if isinstance(one, Mapping)]


def told_in_words(value: Any) -> str:
    """Return a value of an answer in words: lists and objects one after another."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {told_in_words(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(told_in_words(one) for one in value)
    return value if isinstance(value, str) else str(value)


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, label: str) -> None:
    """Add a small table of texts."""
    with ui.element("table").classes("x-table") as table:
        table.props["aria-label"] = label
        with ui.element("thead"), ui.element("tr"):
            for head in heads:
                frame.text(head, "th")
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for text in map(told_in_words, row):
                        frame.text(text, "td", "n" if len(text) <= SHORT else "")
