"""Subscriptions and scheduled deliveries of instrument teams."""

from fastapi import APIRouter

router = APIRouter(tags=["deliveries"])
