"""Displays that users compose, save and share."""

from fastapi import APIRouter

router = APIRouter(tags=["displays"])
