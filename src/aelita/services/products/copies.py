"""Copies of a store for backups: a folder that is a store itself."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from .model import IDENT
from .store import RECORD, SENT, ProductStore


def store_files(store: ProductStore) -> Iterator[tuple[Path, Path]]:
    """Yield the files that a backup takes of a store, with their paths below its folder: of products, and which ones were sent.

    The record of each product comes last, so that a copy that is cut off holds no half of one. What is gone, or is a link, is
    left out: a product has files alone.
    """
    for product in store.find():
        for name in (*(one.name for one in product.contents), RECORD):
            path = store.folder / product.id / name
            if path.is_file() and not path.is_symlink():
                yield path, Path(product.id) / name
    sent = store.folder / SENT
    if sent.is_dir():
        yield from ((one, Path(SENT) / one.name) for one in sorted(sent.iterdir()) if IDENT.fullmatch(one.name))


def copy_store(store: ProductStore, target: Path, told: Callable[[int], None] = lambda _: None) -> tuple[int, int]:
    """Copy a store's files into a folder, which then is as its own; return how many files and octets.

    `told` hears of the octets of each; what it raises ends the copying. Raises OSError.
    """
    files = octets = 0
    for source, below in store_files(store):
        to = target / below
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, to)
        size = to.stat().st_size
        told(size)
        files, octets = files + 1, octets + size
    return files, octets
