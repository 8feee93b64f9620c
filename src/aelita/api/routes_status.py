"""The state of the complex: services, links, streams, clocks."""

from fastapi import APIRouter

router = APIRouter(tags=["status"])
