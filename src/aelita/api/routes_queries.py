"""Queries that users save for themselves."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request

from . import queries
from .answers import PROBLEMS
from .audit import note
from .centre import Centre, centre
from .identity import Identity, may
from .paging import Page
from .queries import NewQuery, QueryItem

router = APIRouter(prefix="/queries", tags=["queries"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Self = Annotated[Identity, Depends(may("view"))]


@router.get("")
def list_queries(
    here: Here, who: Self, page: Annotated[str, Query(max_length=64, description="Only of this page.")] = ""
) -> Page[QueryItem]:
    """List one's own queries, by page and title."""
    return Page[QueryItem](items=[queries.item_of(one) for one in queries.saved(here.records, who.user, page)])


@router.post("", status_code=201)
def save_query(here: Here, request: Request, who: Self, asked: NewQuery) -> QueryItem:
    """Save a query, in place of one's own of the same page and title."""
    made = queries.save(here.records, who.user, asked)
    note(request, "query.saved", id=made.number, page=made.page, title=made.title)
    return queries.item_of(made)


@router.delete("/{ident}", status_code=204)
def delete_query(here: Here, request: Request, who: Self, ident: Annotated[str, Path(max_length=64)]) -> None:
    """Delete one's own query."""
    found = queries.remove(here.records, who.user, ident)
    if found is None:
        raise HTTPException(404, f"{who.user} has no query {ident!r}.")
    note(request, "query.deleted", id=found.number, page=found.page, title=found.title)
