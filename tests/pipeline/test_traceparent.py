"""What headers say of a trace, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Headers, Trace
from pipeline.traceparent import (
    LINK,
    is_traced,
    linked,
    onward,
    passing,
    trace_id_of,
    trace_of,
)

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = (f"00-{TRACE_ID}-{SPAN_ID}-{flags}" for flags in ("01", "00"))
NEXT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        (None, None),
        ([], None),
        ([("content-type", b"application/json"), ("ce_id", None)], None),
        ([("traceparent", SAMPLED.encode())], Trace(SAMPLED)),
        ([("a", b"b"), ("traceparent", SAMPLED)], Trace(SAMPLED)),
        ([("traceparent", UNSAMPLED.encode())], None),
        ([("traceparent", SAMPLED[:-2].encode() + b"03")], Trace(SAMPLED[:-2] + "03")),
        ([("traceparent", b"01" + SAMPLED[2:].encode() + b"-more")], Trace("01" + SAMPLED[2:])),
        ([("sms-link", SAMPLED.encode())], Trace(SAMPLED, is_past=True)),
        ([("sms-link", UNSAMPLED.encode())], None),
        ([("traceparent", None)], None),
        ([("traceparent", b"")], None),
        ([("traceparent", b"\xff" * 55)], None),
        ([("traceparent", b"ff" + SAMPLED[2:].encode())], None),
        ([("traceparent", SAMPLED.upper().encode())], None),
        ([("traceparent", SAMPLED.encode() + b"0")], None),
        ([("traceparent", SAMPLED[:-1].encode())], None),
        ([("traceparent", f"00-{'0' * 32}-{SPAN_ID}-01".encode())], None),
        ([("traceparent", f"00-{TRACE_ID}-{'0' * 16}-01".encode())], None),
    ],
)
def test_a_record_is_in_a_trace_if_its_producer_says_so(
    headers: Headers | None, trace: Trace | None
) -> None:
    assert trace_of(headers) == trace


@given(st.lists(st.tuples(st.sampled_from(["traceparent", LINK, "x"]), st.none() | st.binary())))
def test_headers_of_anybody_break_nothing(headers: Headers) -> None:
    for read in (trace_of, trace_id_of, is_traced, passing, linked):
        read(headers)


@pytest.mark.parametrize(
    ("headers", "passed"),
    [
        (None, None),
        ([], None),
        ([("content-type", b"application/json"), ("ce_id", b"7"), (LINK, SAMPLED)], []),
        (
            [("ce_id", b"7"), ("traceparent", b"t"), ("tracestate", b"s")],
            [("traceparent", b"t"), ("tracestate", b"s")],
        ),
        ([("tracestate", b"s" * 513), ("traceparent", b"")], []),
    ],
)
def test_of_a_producers_headers_only_the_trace_goes_on(
    headers: Headers | None, passed: Headers | None
) -> None:
    assert passing(headers) == passed


def test_a_span_takes_the_place_of_what_came_before_it() -> None:
    came = [("traceparent", SAMPLED.encode()), ("tracestate", b"s"), ("a", b"b")]
    assert onward(came, NEXT, is_new=False) == [("traceparent", NEXT), *came[1:]]
    assert onward(came, NEXT, is_new=True) == [("traceparent", NEXT), ("a", b"b")]
    assert onward([(LINK, SAMPLED)], NEXT, is_new=True) == [("traceparent", NEXT)]
    assert onward(None, NEXT, is_new=True) == [("traceparent", NEXT)]


def test_of_what_has_waited_long_a_link_is_left_and_what_is_not_sampled_stays() -> None:
    came = [("a", b"b"), ("traceparent", SAMPLED.encode()), ("tracestate", b"s")]
    once = linked(came)
    assert once == [(LINK, SAMPLED), ("a", b"b")]
    assert linked(once) is once
    unsampled: Headers = [("traceparent", UNSAMPLED.encode())]
    assert linked(unsampled) is unsampled
    assert linked(None) is None


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ([("traceparent", UNSAMPLED)], TRACE_ID),
        ([(LINK, SAMPLED.encode())], TRACE_ID),
        ([("traceparent", b"46701234567" * 5)], None),
        (None, None),
    ],
)
def test_a_log_line_names_the_trace_sampled_or_not(
    headers: Headers | None, trace_id: str | None
) -> None:
    assert trace_id_of(headers) == trace_id
