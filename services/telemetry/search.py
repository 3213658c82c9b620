"""Messages by id and by number: `/v1/messages`.

Whoever has no token sees numbers masked and can't ask by one. Texts nobody sees: no event has any.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline.masking import masked
from pipeline.records import MtEvent
from pipeline.story import tell
from services.telemetry.parts import Desk, Part
from services.telemetry.reasons import why
from services.telemetry.view import Found, ViewError, newest

LOG = structlog.get_logger()
LIMIT_DEFAULT, LIMIT_MAX = 20, 100
_SEPARATORS: Final = re.compile(r"[ ()./-]")
_NUMBER: Final = re.compile(r"(?:\+|00)?([1-9][0-9]{2,14})")
SAID_OF_SEGMENTS: Final = (
    *("connector", "hop", "submitted_ms", "smsc_message_id", "command_status"),
    *("receipt_state", "reason"),
)


def part(desk: Desk) -> Part:
    """What it adds to telemetry."""
    search = Search(desk)
    return Part(
        [
            Route("/v1/messages", _told(search.by_number)),
            Route("/v1/messages/{message_id:path}", _told(search.by_id)),
        ]
    )


class Search:
    """Answers from the view."""

    def __init__(self, desk: Desk) -> None:
        self._view = desk.view
        self._access = desk.access

    def by_id(self, request: Request) -> JSONResponse:
        """The story of one message."""
        message_id = request.path_params["message_id"]
        found = self._view.find_id(message_id)
        if found is None:
            why = (
                "no message of this id is known; ids are told exactly as they were given, and a "
                "message is known once it was routed or refused, for view_days"
            )
            return JSONResponse({"error": why}, 404)
        return JSONResponse(_shown(story_of(found), self._access.is_granted(request)))

    def by_number(self, request: Request) -> JSONResponse:
        """The newest messages to a number, the newest first."""
        refusal = self._access.refusal(request)
        if refusal is not None:
            return refusal
        number = number_in(request.query_params.get("number", ""))
        if number is None:
            why = "`number` is none; write country code and number, as in ?number=46701234567"
            return JSONResponse({"error": why}, 422)
        limit = request.query_params.get("limit", str(LIMIT_DEFAULT))
        if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= LIMIT_MAX:
            return JSONResponse({"error": f"`limit` is not 1 to {LIMIT_MAX}"}, 422)
        heads = self._view.find_number(number, int(limit))
        return JSONResponse({"messages": [msgspec.to_builtins(head) for head in heads]})


def story_of(found: Found) -> dict[str, Any]:
    """All that is known of a message, as plain values, unmasked."""
    head, events = found
    own = newest(events)
    return {
        "head": msgspec.to_builtins(head),
        "state": head.state,
        "segments": segments_of(own),
        "steps": [
            {"at_ms": step.at_ms, "after_ms": step.after_ms, "text": step.text}
            for step in tell(events)
        ],
        "why": why(own),
    }


def segments_of(events: Iterable[MtEvent]) -> list[dict[str, Any]]:
    """The newest that was said of each segment on its newest way, in their order."""
    segments: dict[int, dict[str, Any]] = {}
    for event in events:
        if event.segment is None:
            continue
        known = segments.get(event.segment)
        is_further = known is None or (event.hop or 0) > (known["hop"] or 0)
        if known is not None and (event.hop or 0) < (known["hop"] or 0):
            continue
        if known is None or is_further:
            known = {"segment": event.segment, **dict.fromkeys(SAID_OF_SEGMENTS)}
            segments[event.segment] = known
        said = {name: getattr(event, name) for name in SAID_OF_SEGMENTS}
        known |= {name: value for name, value in said.items() if value is not None}
        known |= {"event": event.event, "at_ms": event.at_ms}
    return [segments[number] for number in sorted(segments)]


def _shown(story: dict[str, Any], is_granted: bool) -> dict[str, Any]:
    """Steps and sentences are of our own words and of what anybody may see."""
    if is_granted:
        return story
    return story | {
        "head": masked(story["head"]),
        "segments": [masked(segment) for segment in story["segments"]],
    }


def number_in(text: str) -> str | None:
    """The number somebody has written, digits alone as events have it; None where it is none."""
    found = _NUMBER.fullmatch(_SEPARATORS.sub("", text.strip()))
    return None if found is None else found[1]


def _told(answer: Callable[[Request], JSONResponse]) -> Callable[[Request], JSONResponse]:
    """`answer`, or where the view is away a sentence that names no machine."""

    def told(request: Request) -> JSONResponse:
        try:
            return answer(request)
        except ViewError as error:
            LOG.warning("the view does not answer", error=str(error))
            words = "the view does not answer now; ask again, the log of telemetry says why"
            return JSONResponse({"error": words}, 503)

    return told
