"""The view, in each database: what is taken is kept once, and found."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.records import Record
from services.telemetry.config import TelemetryConfig
from services.telemetry.funnel import STAGES
from services.telemetry.heard import FORGOTTEN, Heard, Moved
from services.telemetry.store import DAY_MS, Database, Store, opened
from services.telemetry.view import Count, Unsent
from tests.builders import REQUESTED_MS, dlr, mt_event

EVENTS = "sms.mt.event"
NUMBER = "46701234567"


def heard(*records: Record, begin: int = 0, partition: int = 3) -> list[Heard]:
    topic = EVENTS
    return [
        Heard(topic, partition, begin + place, REQUESTED_MS + place, record)
        for place, record in enumerate(records)
    ]


def routed(message_id: str = "m1", **changes: Any) -> Record:
    fields = {"recipient": NUMBER, "connector": "fast", "country": "SE", **changes}
    return mt_event(message_id, **fields)


def accepted(message_id: str = "m1", **changes: Any) -> Record:
    said = {"event": "segment_accepted", "state": "accepted", "submitted_ms": REQUESTED_MS + 30}
    return routed(message_id, **{**said, **changes})


def delivered(message_id: str = "m1") -> Record:
    return routed(message_id, event="receipt", state="delivered", terminal=True)


@pytest.fixture
def view(database: Database) -> Store:
    return Store(database, TelemetryConfig())


def states(view: Store) -> dict[str, int]:
    found: Counter[str] = Counter()
    for count in view.counts():
        found[count.state] += count.messages
    return dict(found)


def test_a_message_is_found_with_its_story_by_id_and_by_number(view: Store) -> None:
    story = [routed(), accepted(), delivered()]
    moved = view.apply(heard(*story, routed("m2", requested_ms=REQUESTED_MS + 5)))
    assert [(one.before, one.after) for one in moved] == [
        (None, "routed"),
        ("routed", "accepted"),
        ("accepted", "delivered"),
        (None, "routed"),
    ]
    found = view.find_id("m1")
    assert found is not None
    assert (found.head.state, found.head.terminal, found.head.test) == ("delivered", True, False)
    assert list(found.events) == story
    assert [head.message_id for head in view.find_number(NUMBER, 10)] == ["m2", "m1"]
    assert [head.message_id for head in view.find_number(NUMBER, 1)] == ["m2"]
    assert (view.find_id("m3"), view.find_number("46709999999", 10)) == (None, [])


def test_what_is_read_again_changes_nothing(view: Store) -> None:
    batch = heard(routed(), accepted(), delivered())
    assert len(view.apply(batch)) == 3
    before = view.find_id("m1")
    assert view.apply(batch) == []
    assert view.apply(batch[:1]) == []
    assert view.find_id("m1") == before


def test_a_batch_that_comes_in_pieces_is_the_same_story(view: Store) -> None:
    batch = heard(routed(), accepted(), delivered())
    sums: Counter[str] = Counter()
    for one in (batch[2], batch[0], batch[1], batch[2]):
        for change in view.apply([one]):
            sums[change.after] += 1
            sums[change.before or ""] -= 1
    found = view.find_id("m1")
    assert found is not None
    assert [event.event for event in found.events] == ["routed", "segment_accepted", "receipt"]
    assert (found.head.state, +sums) == ("delivered", {"delivered": 1})


def test_it_says_from_where_it_goes_on(view: Store, database: Database) -> None:
    assert view.begin(EVENTS, 3) == 0  # also what the group has read already
    view.apply([*heard(routed(), accepted(), begin=7), *heard(routed("m2"), partition=4)])
    again = Store(database, TelemetryConfig())
    assert (again.begin(EVENTS, 3), again.begin(EVENTS, 4), again.begin(EVENTS, 5)) == (9, 1, 0)
    assert again.begin("sms.dlr", 3) is None
    assert again.find_id("m1") == view.find_id("m1") is not None


def test_what_is_no_event_is_not_its_affair(view: Store) -> None:
    assert view.apply([Heard("sms.dlr", 0, 5, REQUESTED_MS, dlr())]) == ()
    assert (view.begin("sms.dlr", 0), view.find_id("m1")) == (None, None)


class TornError(Exception):
    """In the middle of a write."""


class Tearing:
    """A database that fails before a transaction ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ask, self.close = database.ask, database.close

    def write(self, work: Any) -> None:
        def torn(cursor: Any) -> None:
            work(cursor)
            raise TornError

        self._database.write(torn)


def test_a_batch_is_kept_whole_with_its_offsets_or_not_at_all(database: Database) -> None:
    view = Store(database, TelemetryConfig())
    view.apply(heard(routed()))
    torn = Store(Tearing(database), TelemetryConfig())
    with pytest.raises(TornError):
        torn.apply(heard(accepted(), routed("m2"), begin=1))
    assert (view.begin(EVENTS, 3), states(view), view.find_id("m2")) == (1, {"routed": 1}, None)
    view.apply(heard(accepted(), routed("m2"), begin=1))
    assert (view.begin(EVENTS, 3), states(view)) == (3, {"accepted": 1, "routed": 1})


def test_counts_are_by_kind_and_what_moves_goes_on_from_them(view: Store) -> None:
    moved = view.apply(
        heard(
            routed(), routed("m2"), routed("m3", test=True), accepted(), routed("m4", lane="bulk")
        )
    )
    kind = ("fast", "transactional", "SE")
    assert sorted(view.counts()) == [
        Count("accepted", *kind, "normal", False, 1),
        Count("routed", *kind, "bulk", False, 1),
        Count("routed", *kind, "normal", False, 1),
        Count("routed", *kind, "normal", True, 1),
    ]
    times = (REQUESTED_MS, REQUESTED_MS + 10)
    assert moved[3] == Moved("routed", "accepted", *kind, "normal", False, *times)
    assert all(isinstance(count.test, bool) for count in view.counts())


def test_what_is_due_and_not_sent_is_told_by_kind(view: Store) -> None:
    view.apply(
        heard(
            routed("a", requested_ms=REQUESTED_MS, deadline_ms=REQUESTED_MS + 1000),
            routed("b", requested_ms=REQUESTED_MS + 100),
            routed("c", requested_ms=REQUESTED_MS + 900),
            routed("d", connector=None, lane="bulk", test=True),
            accepted("e"),
            routed("f", event="waiting", state="waiting"),
            routed("g", event="rejected", state="rejected", terminal=True),
        )
    )
    bulk = Unsent(None, "bulk", True, 1, REQUESTED_MS, 0.0)
    fast = Unsent("fast", "normal", False, 2, REQUESTED_MS, 0.5)
    assert set(view.unsent(REQUESTED_MS + 500)) == {bulk, fast}
    assert view.late(REQUESTED_MS, REQUESTED_MS + 500) == [
        Unsent("fast", "normal", False, 1, REQUESTED_MS + 100, 0.0)
    ]
    assert view.late(REQUESTED_MS + 900, REQUESTED_MS + 5000) == []


def test_the_eldest_go_when_there_are_too_many(database: Database) -> None:
    view = Store(database, TelemetryConfig(view_messages_max=1000))
    ids = [f"m{number:04}" for number in range(1500)]
    for place in range(0, 1500, 500):
        view.apply(
            heard(
                *(
                    routed(one, requested_ms=REQUESTED_MS + int(one[1:]))
                    for one in ids[place:][:500]
                ),
                begin=place,
            )
        )
    assert states(view) == {"routed": 1000}
    assert (view.find_id("m0499"), view.find_id("m0500") is None) == (None, False)
    again = Store(database, TelemetryConfig(view_messages_max=1000))
    again.apply(heard(routed("more", requested_ms=REQUESTED_MS + 9999), begin=1500))
    assert (states(again), again.find_id("m0500")) == ({"routed": 1000}, None)


def test_what_has_ended_goes_first_and_the_totals_stay_those_of_the_view(
    database: Database,
) -> None:
    view = Store(database, TelemetryConfig(view_messages_max=1000))
    totals: Counter[str | None] = Counter()

    def apply(*records: Record) -> Sequence[Moved]:
        moved = view.apply(heard(*records, begin=totals["offset"]))
        totals["offset"] += len(records)
        for one in moved:
            totals[one.before] -= 1
            totals[one.after] += 1
        assert states(view) == {s: totals[s] for s in STAGES if totals[s]}
        return moved

    apply(*(routed(f"m{n}", requested_ms=REQUESTED_MS + n) for n in range(600)))
    apply(*(delivered(f"m{n}") for n in range(500, 600)))
    more = [routed(f"n{n}", requested_ms=REQUESTED_MS + 1000 + n) for n in range(450)]
    moved = apply(*more)
    assert [one.before for one in moved if one.after == FORGOTTEN] == ["delivered"] * 50
    assert (view.find_id("m0") is None, view.find_id("m500")) == (False, None)
    apply(*(routed(f"o{n}", requested_ms=REQUESTED_MS + 9000) for n in range(60)))
    assert view.find_id("m0") is None  # nothing else was left to go
    again = apply(delivered("m0"))
    assert (again[0].before, again[0].after) == (FORGOTTEN, "delivered")


def test_what_is_older_than_its_days_goes(database: Database) -> None:
    view = Store(database, TelemetryConfig(view_days=1))
    view.apply(heard(routed("old", requested_ms=REQUESTED_MS - DAY_MS + 5), routed("new")))
    assert states(view) == {"routed": 2}
    view.apply([Heard(EVENTS, 3, 2, REQUESTED_MS + 10, routed("newer"))])
    assert (states(view), view.find_id("old")) == ({"routed": 2}, None)


def test_who_asks_and_who_writes_do_so_at_once(view: Store) -> None:
    """A reader sees whole batches: of a pair there are both or none."""
    view.apply(heard(routed("pair-0-a"), routed("pair-0-b")))
    stopping, failures, asked = threading.Event(), [], Counter[str]()

    def ask(name: str) -> None:
        try:
            while not stopping.is_set():
                assert view.find_id("pair-0-a") is not None
                assert sum(count.messages for count in view.counts()) % 2 == 0
                assert len(view.find_number(NUMBER, 100)) % 2 == 0
                asked[name] += 1
        except Exception as error:
            failures.append(error)

    readers = [threading.Thread(target=ask, args=(name,)) for name in ("one", "other")]
    for reader in readers:
        reader.start()
    for number in range(1, 50):
        view.apply(heard(*(routed(f"pair-{number}-{end}") for end in "ab"), begin=2 * number))
    deadline = time.monotonic() + 30
    while not failures and min(asked["one"], asked["other"]) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stopping.set()
    for reader in readers:
        reader.join(10)
    assert failures == []
    assert states(view) == {"routed": 100}


@pytest.mark.parametrize("message_id", ["a/b", "a' OR 1=1 --", "?%s%", "x" * 64, "ÅÄÖ"])
def test_any_id_is_only_an_id(view: Store, message_id: str) -> None:
    view.apply(heard(routed(message_id), routed("other")))
    found = view.find_id(message_id)
    assert found is not None
    assert found.head.message_id == message_id
    assert len(view.find_number(NUMBER, 10)) == 2


def test_the_view_is_a_file_of_the_state_where_nothing_is_said(tmp_path: Path) -> None:
    with_state = Config(state_dir=tmp_path / "state")
    view = opened(with_state, TelemetryConfig())
    view.apply(heard(routed()))
    view.close()
    assert (tmp_path / "state" / "telemetry" / "view.sqlite").exists()
    again = opened(with_state, TelemetryConfig())
    assert again.find_id("m1") is not None
    again.close()


def test_a_file_of_ones_own_or_none_at_all(tmp_path: Path) -> None:
    opened(Config(), TelemetryConfig(view=f"{tmp_path}/own.sqlite")).close()  # type: ignore[arg-type]
    assert (tmp_path / "own.sqlite").exists()
    (tmp_path / "broken.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(ConfigError, match=r"view: the view .*broken.*delete it: it is made anew"):
        opened(Config(), TelemetryConfig(view=f"{tmp_path}/broken.sqlite"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("postgresql", "a secret may not stand in the file"),
        ("postgres", "a secret may not stand in the file"),
        ("mysql", r"neither a file nor postgresql://"),
    ],
)
def test_an_address_in_the_file_may_have_a_password_and_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    own = TelemetryConfig(view=f"{scheme}://me:canary@127.0.0.1:1/x")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=words) as told:
        opened(Config(), own)
    assert "canary" not in str(told.value)
    assert list(tmp_path.iterdir()) == []
