"""What is being composed, kept in the browser."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.awaitable_response import AwaitableResponse
from nicegui.element import Element

from . import modules as modules


class Draft(Element, component="draft.js"):
    """Keeps a document (an object of JSON) in the browser tab until it is forgotten; `on_found` takes one that was kept before.

    What is typed into `fields` (key of the document to field) is kept at once. It outlives a restart of the server and is gone
    with the tab, or when the user logs out.
    """

    def __init__(self, name: str, on_found: Callable[[Any], Any], fields: Mapping[str, Element]) -> None:
        super().__init__()
        self._props.update({"name": name, "fields": {key: field.html_id for key, field in fields.items()}})
        self.on("found", lambda event: on_found(event.args))

    def keep(self, document: Mapping[str, Any]) -> None:
        """Keep a document, in place of the one before."""
        self.run_method("keep", dict(document))

    def forget(self) -> AwaitableResponse:
        """Forget what is kept; wait for it before the page is left."""
        return self.run_method("forget")
