"""Browser components of procedures: the form with which one is run, and a run as it stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui.element import Element

from . import modules as modules

Taker = Callable[[dict[str, Any]], Any]


class ProcedureForm(Element, component="procedure_form.js"):
    """A procedure, as the interface tells it, to be run dry or started on one of some spacecraft; kept in the browser's tab.

    `on_start` takes {"procedure", "spacecraft", "arguments", "mode", "sends"}, `sends` being the commands of the last dry run.
    """

    def __init__(
        self, procedure: Mapping[str, Any], crafts: Sequence[str], craft: str, *, may: bool, on_start: Taker, on_craft: Taker
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({"procedure": dict(procedure), "crafts": list(crafts), "craftFirst": craft, "may": may})
        self.on("start", lambda event: on_start(event.args))
        self.on("craft", lambda event: on_craft(event.args))


class RunView(Element, component="run_view.js"):
    """A run of a procedure, live: its present step, its requests, its steps and its as-run log.

    `on_act` takes {"id", "action", "resumed"} (it was cut off by a restart), `on_answer` {"id", "step", "answer"}.
    """

    def __init__(self, name: str, *, may: bool, on_act: Taker, on_answer: Taker) -> None:
        super().__init__()
        self._props.update({"name": name, "may": may})
        self.on("act", lambda event: on_act(event.args))
        self.on("answer", lambda event: on_answer(event.args))

    def read(self) -> None:
        """Look again at once."""
        self.run_method("read")
