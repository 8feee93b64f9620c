"""Stations, contacts and bookings."""

from fastapi import APIRouter

router = APIRouter(tags=["stations"])
