"""The `acompana` command."""

from service.cli.app import main

__all__ = ["main"]
