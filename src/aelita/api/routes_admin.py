"""Users, services, backups and the audit trail."""

from fastapi import APIRouter

router = APIRouter(tags=["admin"])
