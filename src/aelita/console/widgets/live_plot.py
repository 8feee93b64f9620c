"""The chart of archive and live values."""

from collections.abc import Sequence

from nicegui.element import Element

from . import modules as modules


class LivePlot(Element, component="live_plot.js"):
    """Curves of parameters over time, from the archive and live in one chart.

    `names` are qualified; `NAME@SPACECRAFT` says of which spacecraft when several have it. `start` and `stop` are instants
    (RFC 3339 UTC); without them it follows what arrives over the last `span_s` seconds.
    `steps` holds each value until the next one, `zero` keeps zero in sight. `tools` shows what changes it, `deep` writes its
    state into the address of the page.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        start: str = "",
        stop: str = "",
        span_s: float = 600.0,
        raw: bool = False,
        limits: bool = True,
        steps: bool = False,
        zero: bool = False,
        spacecraft: str = "",
        tools: bool = True,
        deep: bool = False,
    ) -> None:
        super().__init__()
        self._props.update({
            "names": list(names), "start": start, "stop": stop, "span": span_s, "raw": raw, "limits": limits,
            "flat": steps, "fromZero": zero,
            "spacecraft": spacecraft, "tools": tools, "deep": deep,
        })  # fmt: skip
