"""Lists a page at a time: how many, behind which, and where the next page begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

import orjson
from fastapi import HTTPException, Query
from pydantic import BaseModel

MOST, USUAL = 10_000, 500
LARGEST = (1 << 63) - 1

Limit = Annotated[int, Query(ge=1, le=MOST, description="Items of a page at most.")]
After = Annotated[str, Query(description="What `next` said of the page before.", max_length=4096)]
Direction = Annotated[Literal["asc", "desc"], Query(description="Earliest first, or latest first.")]

Item = TypeVar("Item")
Key = Sequence[int | str]


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next` is the `after` of the following one, null on the last page."""

    items: list[Item]
    next: str | None = None


def cursor_of(key: Key) -> str:
    """Return the place behind an item with this key."""
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).decode().rstrip("=")


def key_of(after: str, *kinds: type) -> list[Any] | None:
    """Return the key in a cursor, None for an empty one. HTTPException 404 for what is none of this list."""
    if not after:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _no_cursor() from error
    fits = isinstance(key, list) and len(key) == len(kinds) and all(map(_is, key, kinds))
    if not fits:
        raise _no_cursor()
    return list(key)


def _is(value: Any, kind: type) -> bool:
    return type(value) is kind and not (isinstance(value, int) and abs(value) > LARGEST)


def _no_cursor() -> HTTPException:
    return HTTPException(404, "`after` leads to no page of this list. Give what `next` said, or leave it out.")


def paged(items: Sequence[Item], keys: Sequence[Key], limit: int, after: list[Any] | None) -> tuple[list[Item], str | None]:
    """Return the page of a list in memory whose `keys` rise, and the cursor of the next one."""
    first = 0 if after is None else _behind(keys, after)
    page = list(items[first : first + limit])
    last = first + len(page)
    return page, cursor_of(keys[last - 1]) if last < len(items) and page else None


def _behind(keys: Sequence[Key], after: list[Any]) -> int:
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if list(keys[middle]) > after:
            high = middle
        else:
            low = middle + 1
    return low


def words_of(search: str) -> list[str]:
    """Return the words of a search, in which case does not count."""
    return search.casefold().split()
