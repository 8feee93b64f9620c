"""Makes the streams of a plan on an agency's server, and brings those that exist to the plan."""

import asyncio
import contextlib
import json
from collections.abc import Mapping

import nats.errors
import nats.js.errors
from nats.js.api import (
    DiscardPolicy,
    ExternalStream,
    PersistMode,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamSource,
)

from .stream_plan import AgencyPlan, Origin, StreamPlan
from .streams import Address, StreamError, Streams, StreamUnavailableError, refusal

GIVER_WAIT_S = 5.0
_WILDCARD_DELIVERY = 10079  # a consumer may not deliver to a subject with wildcards


async def make_streams(plan: AgencyPlan, addresses: Mapping[str, Address]) -> None:
    """Make or update every stream of the plan; `addresses` has an administrator's by account.

    In an export account a stream that the agreement no longer gives is deleted. A new mirror is made when its giver has what it
    mirrors, or after `GIVER_WAIT_S` without that. Raises StreamError.
    """
    groups: dict[tuple[bool, str], list[StreamPlan]] = {}
    for stream in plan.streams:
        groups.setdefault((stream.mirror is not None, stream.account), []).append(stream)
    for (_, account), wanted in groups.items():
        async with await Streams.connect(addresses[account], name=f"{plan.agency}-setup") as streams:
            try:
                await _await_givers(streams, wanted)
                await _bring(streams, wanted)
                if all(stream.sources for stream in wanted):
                    await _delete_others(streams, {stream.name for stream in wanted})
            except (nats.errors.Error, OSError) as fault:  # the client lets through how a connection broke
                raise StreamUnavailableError(f"{account}: {fault}", where=streams.address.url) from fault


def configuration_of(plan: StreamPlan) -> StreamConfig:
    """Return a stream of the plan in the server's terms."""
    written = bool(plan.subjects)
    limits = plan.limits
    return StreamConfig(
        name=plan.name,
        subjects=list(plan.subjects) if written else None,
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        num_replicas=1,
        max_bytes=limits.max_bytes,
        max_age=limits.max_age_s,
        max_msgs=-1,
        max_consumers=-1 if plan.account == "agency" else 16,
        # A full mirror that refused would stand still without a word, even when it has room again (seen with 2.15.1).
        discard=DiscardPolicy.NEW if written and not plan.rebuildable else DiscardPolicy.OLD,
        duplicate_window=min(limits.duplicates_s, limits.max_age_s) if written else 0,
        persist_mode=PersistMode.ASYNC if plan.rebuildable and written else None,
        mirror=_source(plan.mirror) if plan.mirror else None,
        sources=[_source(origin) for origin in plan.sources] or None,
        allow_direct=True,
        deny_delete=True,
    )


def _source(origin: Origin) -> StreamSource:
    external = ExternalStream(api=origin.api, deliver=origin.deliver)
    return StreamSource(name=origin.stream, filter_subject=origin.subject or None, external=external)


async def _await_givers(streams: Streams, wanted: list[StreamPlan]) -> None:
    """Wait until the origins of new mirrors are there: a server whose request is lost asks again only after 40 seconds."""
    try:
        known = {info.config.name for info in await streams.jetstream.streams_info()}
    except nats.errors.Error as fault:
        raise StreamUnavailableError(f"the streams are not told: {fault}", where=streams.address.url) from fault
    origins = [stream.mirror for stream in wanted if stream.mirror is not None and stream.name not in known]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GIVER_WAIT_S):
            await asyncio.gather(*(_until_given(streams, origin) for origin in origins))


async def _until_given(streams: Streams, origin: Origin) -> None:
    """Ask for what is always refused, until it is refused for its content."""
    refused = {"stream_name": origin.stream, "config": {"deliver_subject": f"{origin.deliver}.>"}}
    subject, asked = f"{origin.api}.CONSUMER.CREATE.{origin.stream}", json.dumps(refused).encode()
    while True:
        with contextlib.suppress(nats.errors.Error, OSError):
            answer = json.loads((await streams.client.request(subject, asked, timeout=1.0)).data)
            if answer.get("error", {}).get("err_code") == _WILDCARD_DELIVERY:
                return
        await asyncio.sleep(0.05)


async def _bring(streams: Streams, wanted: list[StreamPlan]) -> None:
    for stream in wanted:
        configuration = configuration_of(stream)
        try:
            await streams.jetstream.stream_info(stream.name)
        except nats.js.errors.NotFoundError:
            change = streams.jetstream.add_stream
        except nats.errors.Error as fault:
            raise StreamUnavailableError(f"{stream.name}: {fault}", where=streams.address.url) from fault
        else:
            change = streams.jetstream.update_stream
        try:
            await change(configuration)
        except nats.js.errors.APIError as fault:
            raise refusal(stream.name, vars(fault)) from fault
        except nats.errors.Error as fault:
            raise StreamError(f"{stream.name}: {fault}", where=streams.address.url) from fault


async def _delete_others(streams: Streams, kept: set[str]) -> None:
    for found in await streams.jetstream.streams_info():
        if found.config.name is not None and found.config.name not in kept:
            await streams.jetstream.delete_stream(found.config.name)
