"""Alarms: list, history, acknowledge, shelve, assign."""

from fastapi import APIRouter

router = APIRouter(tags=["alarms"])
