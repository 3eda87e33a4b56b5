"""Pages without sign-in: families, volunteers, and what carriers ask to see."""

from fastapi import APIRouter

router = APIRouter()

__all__ = ["router"]
