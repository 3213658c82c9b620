"""The clocks of a row: the wall clock of the processes may be wrong, the carrier's is right.

`clock/sitecustomize.py` reads in each process how wrong it is, from a file.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

YIELDS = 3


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


@contextmanager
def going_first(pid: int) -> Iterator[None]:
    """The carrier of this pid waits for none of the processes that are started in the context.

    It judges them by its own clock. By niceness alone it read what came 60 ms late at times, and
    then counted it to a second with more than the contract allows (row E6, 12 of 60,000 seconds).
    """
    before = os.nice(0)
    os.nice(YIELDS)
    with contextlib.suppress(PermissionError):  # both are for root only
        if sys.platform == "linux":
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, before)


def _file(folder: Path) -> Path:
    return folder / "clock"
