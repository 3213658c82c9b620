"""A test SMS and a handset to play: nothing yet is served."""

from services.telemetry.parts import Desk, Part


def part(desk: Desk) -> Part:
    """What it adds to telemetry."""
    return Part()
