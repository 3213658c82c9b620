"""The page and its files: what a browser gets at `/`, all of it out of the package."""

from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.telemetry.parts import Desk, Part

FOLDER = Path(__file__).with_name("page")


def part(desk: Desk) -> Part:
    """What it adds to telemetry; the last of its routes, for it takes every path that is left."""
    return Part([Mount("/", StaticFiles(directory=FOLDER, html=True))])
