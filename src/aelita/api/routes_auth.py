"""Logging in and out, tokens, and who one is."""

from fastapi import APIRouter

router = APIRouter(tags=["auth"])
