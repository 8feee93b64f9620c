"""The live WebSocket: snapshot first, updates after."""

from fastapi import APIRouter

router = APIRouter(tags=["live"])
