"""What a stop is about."""

import pytest

from pipeline.ids import ConnectorId, MessageId
from pipeline.records import Cancel, Stop
from pipeline.stops import CANCELS_LIFE_MS, CANCELS_MAX, COMMAND, Cancels, Stops
from tests.builders import REQUESTED_MS, mt_submit

HERE = ConnectorId("here")


def stop(action: str = "cancel", **about: str) -> Stop:
    return Stop(action=action, at_ms=REQUESTED_MS, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "holds"),
    [
        ({}, True),
        ({"tenant": "default"}, True),
        ({"tenant": "other"}, False),
        ({"campaign": "spring"}, True),
        ({"campaign": "autumn"}, False),
        ({"tenant": "default", "campaign": "spring"}, True),
        ({"tenant": "other", "campaign": "spring"}, False),
        ({"connector": "here"}, True),
        ({"connector": "there"}, False),
    ],
)
def test_a_stop_is_about_what_it_names(about: dict[str, str], holds: bool) -> None:
    submit, own = mt_submit(campaign="spring"), Stops(HERE)
    own.put("s", stop(**about))
    assert own.cancels(submit) == ("s" if holds else None)
    assert not own.pauses(submit)
    own.put("s", stop("pause", **about))
    assert own.pauses(submit) is holds
    assert own.cancels(submit) is None
    own.put("s", None)
    assert not own.pauses(submit)


@pytest.mark.parametrize(
    ("about", "paused"),
    [
        ({}, ["default", "other"]),
        ({"tenant": "other"}, ["other"]),
        ({"tenant": "other", "campaign": "spring"}, []),  # what is of no campaign goes on
        ({"tenant": "other", "connector": "here"}, []),  # and by other connectors
    ],
)
def test_all_of_a_tenant_is_paused_by_what_names_no_part_of_it(
    about: dict[str, str], paused: list[str]
) -> None:
    own = Stops()
    own.put("s", stop("pause", **about))
    assert [name for name in ("default", "other") if own.pauses_all_of(name)] == paused


def test_an_action_that_is_not_known_stops_nothing_and_ends_what_was_there() -> None:
    own = Stops(HERE)
    own.put("s", stop("pause"))
    own.put("s", stop("explode", connector="here"))
    assert not own.pauses(mt_submit())
    assert own.cancels(mt_submit()) is None
    assert not own.drains
    own.put("s", stop("pause"))
    assert own.pauses(mt_submit())


@pytest.mark.parametrize(
    ("about", "drains"),
    [
        ({"connector": "here"}, True),
        ({"connector": "there"}, False),
        ({}, False),
        ({"connector": "here", "tenant": "default"}, False),
        ({"connector": "here", "campaign": "spring"}, False),
    ],
)
def test_a_drain_is_about_one_connector_and_no_message(about: dict[str, str], drains: bool) -> None:
    own, other = Stops(HERE), Stops()
    for stops in (own, other):
        stops.put("binds here", stop("drain", **about))
    assert own.drains is drains
    assert not own.pauses(mt_submit(campaign="spring"))
    assert own.cancels(mt_submit(campaign="spring")) is None
    assert not other.pauses(mt_submit())
    own.put("binds here", None)
    assert not own.drains


def cancel(message_id: str, at_ms: int = REQUESTED_MS) -> Cancel:
    return Cancel(message_id=MessageId(message_id), command_id="c1", at_ms=at_ms)


def test_a_single_message_is_cancelled_whatever_else_is_and_no_other() -> None:
    cancels = Cancels()
    own = Stops(HERE, cancels)
    assert own.cancels(mt_submit("m1")) is None
    cancels.put("m1", cancel("m1"))
    assert own.cancels(mt_submit("m1", segment=2, segments=2)) == COMMAND
    assert own.cancels(mt_submit("m2")) is None
    assert own.cancels(mt_submit("m1", requested_ms=REQUESTED_MS + 1)) is None  # asked for since
    assert not own.pauses(mt_submit("m1"))
    own.put("s", stop(tenant="default"))
    assert (own.cancels(mt_submit("m1")), own.cancels(mt_submit("m2"))) == (COMMAND, "s")
    assert Stops(HERE).cancels(mt_submit("m1")) is None


def test_a_cancel_is_kept_as_long_as_a_message_can_wait() -> None:
    cancels = Cancels()
    for number, at_ms in enumerate((0, 1, CANCELS_LIFE_MS + 1)):
        cancels.put(f"m{number}", cancel(f"m{number}", at_ms))
    assert list(cancels.rows) == ["m1", "m2"]
    cancels.put("m1", None)
    assert list(cancels.rows) == ["m2"]


def test_only_so_many_are_kept_and_that_is_said_once() -> None:
    full: list[None] = []
    cancels = Cancels(lambda: full.append(None))
    cancels.put("over", cancel("over", REQUESTED_MS - CANCELS_LIFE_MS - 1))
    cancels.put("0", cancel("m"))
    assert (list(cancels.rows), full) == (["0"], [])  # of that nothing can wait any more
    for number in range(CANCELS_MAX + 2):
        cancels.put(f"{number}", cancel("m"))
    assert len(cancels.rows) == CANCELS_MAX
    assert len(full) == 1
    assert next(iter(cancels.rows)) == "2"
