"""How long an SMSC may try, in the form its profile allows: SMPP 3.4 sections 4.4.1, 5.3.2.12, 7.1.

What is chosen by profile is chosen once a connector; a segment costs one call, mostly remembered:
many have as many seconds left as others.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from pipeline.profiles import Validity
from smpp import times, tlv
from smpp.tlv import RawTlv

Written = tuple[str, tuple[RawTlv, ...]]
Form = Callable[[int, int], Written]
"""validity_period, and TLVs, from deadline and now in milliseconds since 1970."""

NONE: Written = ("", ())
KEPT = 4096


def form(validity: Validity) -> Form:
    """The form of a profile."""
    max_ms = None if validity.max_s is None else validity.max_s * 1000
    return _capped(FORMS[validity.form], max_ms)


def relative(deadline_ms: int, now_ms: int) -> Written:
    """What is left, in whole seconds, at least one."""
    return _relative(_left_s(deadline_ms, now_ms))


def _absolute(deadline_ms: int, now_ms: int) -> Written:
    return _moment(now_ms // 1000 + _left_s(deadline_ms, now_ms))


@lru_cache(KEPT)
def _relative(left_s: int) -> Written:
    return times.relative(left_s), ()


@lru_cache(KEPT)
def _moment(since_1970_s: int) -> Written:
    return times.absolute(datetime.fromtimestamp(since_1970_s, UTC)), ()


def _none(_deadline_ms: int, _now_ms: int) -> Written:
    return NONE


def _seconds(deadline_ms: int, now_ms: int) -> Written:
    return "", (tlv.QOS_TIME_TO_LIVE.make(_left_s(deadline_ms, now_ms)),)


def _left_s(deadline_ms: int, now_ms: int) -> int:
    return max(1, (deadline_ms - now_ms) // 1000)


def _capped(written: Form, max_ms: int | None) -> Form:
    if max_ms is None:
        return written
    return lambda deadline_ms, now_ms: written(min(deadline_ms, now_ms + max_ms), now_ms)


FORMS: dict[str, Form] = {
    "relative": relative,
    "absolute": _absolute,
    "none": _none,
    "qos_time_to_live": _seconds,
}
