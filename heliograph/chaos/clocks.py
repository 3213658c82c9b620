"""The wall clock of processes, put wrong by a file: `clock/sitecustomize.py` reads it in each."""

from importlib.resources import files
from pathlib import Path


def clock_env(folder: Path) -> dict[str, str]:
    """The environment of a process that goes by the clock of `folder`, which is right at first."""
    put_wrong(folder, 0)
    place = str(files("heliograph.chaos").joinpath("clock"))
    return {"PYTHONPATH": place, "CHAOS_CLOCK": str(_file(folder))}


def put_wrong(folder: Path, seconds: int) -> None:
    """The clock of `folder` is so far ahead from now on."""
    new = _file(folder).with_suffix(".new")
    new.write_text(str(seconds), encoding="utf-8")
    new.replace(_file(folder))


def _file(folder: Path) -> Path:
    return folder / "clock"
