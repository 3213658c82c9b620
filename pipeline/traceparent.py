"""Traces as record headers carry them (W3C Trace Context), pure.

Whoever decides about a sampled record is a span of its trace, and what follows from the record
carries that span on. Where hours lie between, a trace would stay open for hours: there the header
`sms-link` carries it instead, and whoever reads that begins a trace with a link to the old one.

All of it is of no cost to a record that is not sampled: one look at its headers.
"""

import re

from pipeline.effects import Headers, Trace

TRACEPARENT, TRACESTATE, LINK = "traceparent", "tracestate", "sms-link"
CARRYING = frozenset((TRACEPARENT, LINK))
PASSING = frozenset((TRACEPARENT, TRACESTATE))  # of a producer's headers
OCTETS_MAX = 512  # as much of one as everybody passes on
LINK_AFTER_MS = 3_600_000
OCTETS, FLAGS_AT = 55, 54  # the lower digit of the flags, whose last bit says sampled
ODD = frozenset("13579bdf")
FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)")


def trace_of(headers: Headers | None) -> Trace | None:
    """The trace that a record belongs to, or follows from; None for one that is not sampled."""
    for name, value in headers or ():
        if name in CARRYING and value:
            text = value if isinstance(value, str) else value.decode("latin-1")
            if len(text) > FLAGS_AT and text[FLAGS_AT] in ODD and FORM.match(text):
                return Trace(text[:OCTETS], is_past=name == LINK)
            return None
    return None


def is_traced(headers: Headers | None) -> bool:
    """Whether somebody has decided already if the record is sampled."""
    return any(name in CARRYING for name, _ in headers or ())


def trace_id_of(headers: Headers | None) -> str | None:
    """The id of the trace a record is in, sampled or not, for a log line."""
    for name, value in headers or ():
        if name in CARRYING and value:
            text = value if isinstance(value, str) else value.decode("latin-1")
            return text[3:35] if FORM.match(text) else None
    return None


def passing(headers: Headers | None) -> Headers | None:
    """Of a producer's headers those that go on: what speaks of its own record does not."""
    if not headers:
        return None
    return [
        (name, value)
        for name, value in headers
        if name in PASSING and value and len(value) <= OCTETS_MAX
    ]


def onward(headers: Headers | None, traceparent: str, *, is_new: bool) -> Headers:
    """The headers that carry a span on; a trace that is new has nothing of the old one's."""
    stale = CARRYING | PASSING if is_new else CARRYING
    kept = [(name, value) for name, value in headers or () if name not in stale]
    return [(TRACEPARENT, traceparent), *kept]


def linked(headers: Headers | None) -> Headers | None:
    """The headers of a record that has waited long: of its trace a link is left."""
    trace = trace_of(headers)
    if trace is None or trace.is_past:
        return headers
    kept = [(name, value) for name, value in headers or () if name not in PASSING]
    return [(LINK, trace.traceparent), *kept]
