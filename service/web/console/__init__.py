"""The console: organizers, signed in."""

from fastapi import APIRouter

router = APIRouter()

__all__ = ["router"]
