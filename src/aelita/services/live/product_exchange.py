"""Products of flight dynamics between agencies: our own are put on our stream, those of partners are taken from our mirrors.

All of them are listed in the archive too.
The store is the outbox: whatever wrote a product there, it is published, after a restart too. What was published twice is known
again by its parts.
"""

import asyncio
import logging
import time

from ...archive import open_archive
from ...errors import AelitaError, DataError
from ..products import Incoming, Part, Product, ProductStore, parts_of, subject_of_products
from ..products.archived import archive_products
from .agency_streams import address_of, widest_plan
from .following import follow
from .serving import Context
from .stream_plan import KINDS, mirror_name
from .streams import NoStreamError, Publisher, StreamError, Streams

KIND = KINDS["products"]
LOOK_S, PAUSE_S, ABSENT_S = 1.0, 2.0, 5.0
LISTED_S = 60.0  # so often the list in the archive is compared with the store though nothing new came
DURABLE = "navigation-products"
WINDOW = 16  # parts under way

log = logging.getLogger(__name__)


async def product_exchange(context: Context) -> None:
    """Publish and receive products of flight dynamics for an agency, until cancelled. Raises AelitaError at the start only."""
    store = ProductStore(context.home)
    takes = widest_plan(context.installation, context.agency).takes
    connecting = Streams.connect(address_of(context.installation, context.agency), name="products", timeout_s=60)
    async with await connecting as streams, asyncio.TaskGroup() as tasks:
        exchange = Exchange(context, streams, store)
        tasks.create_task(exchange.publish())
        tasks.create_task(exchange.archive())
        for giver in (one for one, kinds in takes.items() if KIND.token in kinds):
            tasks.create_task(exchange.receive(giver))


class Exchange:
    """What one agency publishes and receives. Faults are told in the health of the service, and it goes on."""

    def __init__(self, context: Context, streams: Streams, store: ProductStore) -> None:
        self.context, self.streams, self.store = context, streams, store
        self._subject = subject_of_products(context.agency)

    async def publish(self) -> None:
        """Put products on the stream as they come into the store, for ever."""
        seen: tuple[int, int] | None = None
        while True:
            try:
                stamp = await asyncio.to_thread(self.store.changed), int(time.monotonic() // LISTED_S)
                if stamp != seen:  # what is damaged is told of once a minute, not once a second
                    await self._publish_all()
                    seen = stamp
                self.context.health.well("products out")
            except (AelitaError, OSError) as error:
                if self.context.health.fault("products out", str(error)):
                    log.warning("products are not published", extra={"why": str(error)})
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(LOOK_S)

    async def _publish_all(self) -> None:
        for product in await asyncio.to_thread(self.store.unsent, self.context.agency):
            publisher = Publisher(self.streams, WINDOW)
            try:
                parts = await asyncio.to_thread(self._parts, product)
                for part in parts:
                    await publisher.send(self._subject, part.payload, msg_id=part.name, headers=part.headers)
            except DataError as error:  # what is damaged on disk does not keep the others back
                log.error("a product cannot be published", extra={"product": product.id, "why": str(error)})
                self.context.health.count("products_damaged")
                continue
            finally:
                await publisher.flush()
            await asyncio.to_thread(self.store.mark_sent, product)
            self.context.health.count("products_published")

    async def archive(self) -> None:
        """List products in the archive as they come into the store, and again what the list has lost, for ever."""
        seen, again = 0, 0.0
        while True:
            stamp = await asyncio.to_thread(self.store.changed)
            if stamp != seen or time.monotonic() >= again:
                try:
                    listed = await asyncio.to_thread(self._list)
                    seen, again = stamp, time.monotonic() + LISTED_S
                    self.context.health.well("products in the archive")
                    self.context.health.count("products_archived", listed)
                except (AelitaError, OSError) as error:
                    if self.context.health.fault("products in the archive", str(error)):
                        log.warning("products are not listed in the archive", extra={"why": str(error)})
                    await asyncio.sleep(ABSENT_S)
            await asyncio.sleep(LOOK_S)

    def _list(self) -> int:
        place = self.context.installation.archive(self.context.agency)
        if not (place / "archive.json").is_file():  # the archiver makes it
            return 0
        return archive_products(open_archive(place), self.store)

    def _parts(self, product: Product) -> list[Part]:
        return list(parts_of(self.store, product))

    async def receive(self, giver: str) -> None:
        """Take the products of a partner from our mirror of its stream, for ever."""
        incoming = Incoming(self.store, giver)
        fault = f"products of {giver}"
        while True:
            try:
                await self._follow(giver, incoming)
            except NoStreamError:  # the agreement does not give it now
                await asyncio.sleep(ABSENT_S)
            except (StreamError, OSError) as error:
                if self.context.health.fault(fault, str(error)):
                    log.warning("products of a partner are not received", extra={"giver": giver, "why": str(error)})
                await asyncio.sleep(PAUSE_S)

    async def _follow(self, giver: str, incoming: Incoming) -> None:
        subjects = (subject_of_products(giver),)
        stream = mirror_name(giver, KIND.token)
        async with follow(self.streams, stream, durable=DURABLE, subjects=subjects, batch=8) as follower:
            async for message in follower:
                try:
                    product = await asyncio.to_thread(incoming.take, message.headers, message.data)
                except OSError:  # the disk: it comes again
                    raise
                except Exception as error:  # AelitaError, and whatever else a forged part may do to who reads it
                    log.error("a product of a partner is refused", extra={"giver": giver, "why": str(error) or repr(error)})
                    self.context.health.count("products_refused", giver=giver)
                else:
                    self.context.health.well(f"products of {giver}")
                    if product is not None:
                        self.context.health.count("products_received", giver=giver)
                        log.info("a product has come", extra={"giver": giver, "product": product.id})
                await message.ack()
