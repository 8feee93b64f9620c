"""What live updates tell of commanding: requests that are going on or ended lately, queues, and who has what."""

from collections.abc import Hashable
from typing import Any

from ..time import SECOND
from .command_assets import asset_item, queue_item
from .command_items import request_item
from .command_view import CommandView
from .live_updates import Body

LATELY_NS = 600 * SECOND
MOST_SHOWN = 1_000  # requests, the newest

Shown = dict[Hashable, tuple[str, str, Body]]


def shown(view: CommandView, now: int) -> Shown:
    """Return what stands at an instant (TAI ns), by key: spacecraft, name, and body whose `kind` is request, queue or asset."""
    mission = view.installation.mission
    with view.reading() as standing:
        recent = [one for one in standing.board.requests.values() if not one.is_ended or one.told[-1].at_ns > now - LATELY_NS][
            -MOST_SHOWN:
        ]
        made: Shown = {}
        for one in recent:
            body = request_item(standing, one, now, view.wanted(one, now)).model_dump(mode="json")
            made["request", one.id] = body["spacecraft"], one.id, _told("request", body)
        for craft in mission.spacecraft:
            if craft.uplink is not None or standing.queue(craft.key).is_used:
                queue = queue_item(standing, craft.key, now).model_dump(mode="json")
                made["queue", craft.key] = craft.key, craft.key, _told("queue", queue)
        for asset in standing.rules.assets:
            item = asset_item(standing, asset, now, []).model_dump(mode="json", exclude={"actions", "reach"})
            made["asset", asset.key] = "", asset.key, _told("asset", item)
    return made


def _told(kind: str, body: dict[str, Any]) -> Body:
    return {"kind": kind, **body}
