"""Packets and frames: lists, fields over octets, quarantine."""

from fastapi import APIRouter

router = APIRouter(tags=["packets"])
