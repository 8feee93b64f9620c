"""What a station kept, asked for once more by hand: the receiver fetches it by SLE, and it goes the way of all frames."""

import asyncio
import json
from pathlib import Path

import nats.errors

from ...errors import UsageError
from .agency_streams import address_of
from .installation import read_installation
from .receiver import FETCH_S, requests_subject
from .streams import Streams

MARGIN_S = 30.0


def fetch_kept(folder: Path, station: str, spacecraft: str, start: int, stop: int) -> None:
    """Have the receiver of the complex in a folder fetch what a station received from `start` to `stop` (TAI nanoseconds).

    Frames that are there already are recognised by the merger. Raises UsageError when nobody fetches, or the station cannot.
    """
    installation = read_installation(folder)
    agency = next((one.key for one in installation.agencies if station in one.stations), "")
    if not agency or spacecraft not in installation.spacecraft:
        raise UsageError(f"{station!r} with {spacecraft!r} is not operated here", where=str(folder))
    if start >= stop:
        raise UsageError("the stretch ends before it begins", remedy="Give --start before --stop")

    async def ask() -> str:
        subject = f"{requests_subject(agency, spacecraft)}.{station}"
        async with await Streams.connect(address_of(installation, agency), name="fetching") as streams:
            try:
                answer = await streams.client.request(subject, json.dumps([start, stop]).encode(), timeout=FETCH_S + MARGIN_S)
            except (nats.errors.Error, OSError) as error:
                return str(error) or type(error).__name__
            return str(json.loads(answer.data).get("why", ""))

    if why := asyncio.run(ask()):
        raise UsageError(f"not fetched: {why}", where=station, remedy="See `aelita status`: receiver and station must be at work")
