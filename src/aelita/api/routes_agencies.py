"""Agencies, roles, the agreement, mirrors and data rights."""

from fastapi import APIRouter

router = APIRouter(tags=["agencies"])
