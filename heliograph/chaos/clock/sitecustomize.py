"""A wall clock that can be put wrong; Python imports this by itself from a folder of PYTHONPATH.

The file CHAOS_CLOCK says by how many seconds it is wrong; monotonic time goes on as ever.
"""

import os
import time
from pathlib import Path

LOOK_EVERY_S = 0.05
NS_PER_S = 1_000_000_000

_right_ns = time.time_ns
_place = Path(os.environ["CHAOS_CLOCK"])
_wrong_ns = 0
_looked_at = -LOOK_EVERY_S


def _time_ns() -> int:
    global _wrong_ns, _looked_at
    now = time.monotonic()
    if now - _looked_at >= LOOK_EVERY_S:
        _looked_at = now
        _wrong_ns = int(_place.read_text(encoding="utf-8") or 0) * NS_PER_S
    return _right_ns() + _wrong_ns


time.time_ns = _time_ns
time.time = lambda: _time_ns() / NS_PER_S
