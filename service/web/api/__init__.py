"""The JSON API: programs with a bearer token."""

from fastapi import APIRouter

router = APIRouter()

__all__ = ["router"]
