"""The mission database: from parameter to container, calibrator and limits; comparison of versions."""

from fastapi import APIRouter

router = APIRouter(tags=["database"])
