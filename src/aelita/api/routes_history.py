"""Completeness, events, limit transitions and what was ingested."""

from fastapi import APIRouter

router = APIRouter(tags=["history"])
