"""The products of a store as rows of its agency's archive."""

import orjson
import polars as pl

from ...archive import Archive, list_products
from ...records import PRODUCTS
from .model import Product
from .store import ProductStore


def archive_products(archive: Archive, store: ProductStore) -> int:
    """List what is in a store in the archive too, where it is not yet; return how much that was. Raises ArchiveError."""
    return list_products(archive, pl.DataFrame([_row(one) for one in store.find()], schema=PRODUCTS))


def _row(product: Product) -> dict[str, object]:
    files = [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in product.contents]
    row = {name: getattr(product, name) for name in PRODUCTS.names() if name != "files"}
    return row | {"files": orjson.dumps(files).decode()}
