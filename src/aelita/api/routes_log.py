"""The operator's log, shift handover and pass reports."""

from fastapi import APIRouter

router = APIRouter(tags=["log"])
