"""What is asked about what a spacecraft has on board: its schedule, packet stores, memories and images."""

from collections.abc import Sequence
from typing import Literal

from .answers_onboard import Compared, Gaps, Image, ImageRequests, MemoryKnown, Timeline
from .core import Asynchronous, Call, Steps, Synchronous, T, ask, path_of
from .instants import Time, instant_text


def timeline(spacecraft: str) -> Steps[Timeline]:
    """Return the ground's copy of the schedule on board, and what differs from its reports."""
    return (yield from ask("GET", path_of("onboard", spacecraft, "timeline")))


def adopt_timeline(spacecraft: str) -> Steps[Timeline]:
    """Take the last report of the whole schedule for the truth."""
    return (yield from ask("POST", path_of("onboard", spacecraft, "timeline/adopt")))


def gaps(spacecraft: str, *, store: int = 1) -> Steps[Gaps]:
    """Return gaps of reception, the read-outs of a store that could close them, and those under way."""
    return (yield from ask("GET", path_of("onboard", spacecraft, "gaps"), {"store": store}))


def memory(spacecraft: str, number: int, *, start: Time = None, stop: Time = None, apid: int | None = None) -> Steps[MemoryKnown]:
    """Return what is known of a memory, by dumps of a range (without one, of the last day) and by loads."""
    return (yield from ask("GET", path_of("onboard", spacecraft, "memories", number), _range(start, stop, apid)))


def images(spacecraft: str) -> Steps[list[Image]]:
    """Return the memory images for a spacecraft."""
    told = yield from ask("GET", path_of("onboard", spacecraft, "images"))
    found: list[Image] = told["items"]
    return found


def add_image(spacecraft: str, name: str, version: str, memory: int, runs: Sequence[tuple[int, bytes]]) -> Steps[Image]:
    """Keep a new version of an image: runs of octets by their addresses."""
    body = {"name": name, "version": version, "memory": memory, "runs": [[address, data.hex()] for address, data in runs]}
    return (yield from ask("POST", path_of("onboard", spacecraft, "images"), body=body))


def compare_image(
    spacecraft: str, name: str, version: str, *, start: Time = None, stop: Time = None, apid: int | None = None
) -> Steps[Compared]:
    """Compare an image with what is known of its memory."""
    return (yield from ask("GET", path_of("onboard", spacecraft, "images", name, version), _range(start, stop, apid)))


def request_image(
    spacecraft: str, name: str, version: str, what: Literal["load", "dump", "check"], *, only_changed: bool = False,
    request: bool = False, role: str = "", centre: str = "",
) -> Steps[ImageRequests]:  # fmt: skip
    """Return the commands that load, dump or check an image; with `request` ask for them, as ordinary requests."""
    body = {"what": what, "only_changed": only_changed, "request": request, "role": role, "centre": centre}
    return (yield from ask("POST", path_of("onboard", spacecraft, "images", name, version), body=body))


def _range(start: Time, stop: Time, apid: int | None) -> dict[str, object]:
    return {"start": instant_text(start), "stop": instant_text(stop), "apid": apid}


class OnBoardCalls:
    """What one can ask about what is on board. A call of `Client` returns when it is done, one of `AsyncClient` is awaited."""

    timeline = Call(timeline)
    adopt_timeline = Call(adopt_timeline)
    gaps = Call(gaps)
    memory = Call(memory)
    images = Call(images)
    add_image = Call(add_image)
    compare_image = Call(compare_image)
    request_image = Call(request_image)


class OnBoard(OnBoardCalls, Synchronous):
    """What is on board, with calls that return when they are done."""

    def __init__(self, client: Synchronous) -> None:
        self._client = client

    def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return self._client.run(steps)


class AsyncOnBoard(OnBoardCalls, Asynchronous):
    """What is on board, with calls that are awaited."""

    def __init__(self, client: Asynchronous) -> None:
        self._client = client

    async def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return await self._client.run(steps)
