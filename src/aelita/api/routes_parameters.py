"""Parameters: search, latest values, histories, samples."""

from fastapi import APIRouter

router = APIRouter(tags=["parameters"])
