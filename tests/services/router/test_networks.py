"""The network of a number: single numbers before prefixes, and asked only once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ids import Msisdn
from pipeline.records import MtAdmitted, MtRejected, MtRouted, MtSubmit
from pipeline.stops import Stops
from services.router.atlas import read_networks
from services.router.core import Router
from services.router.networks import (
    ByNumber,
    Networks,
    Whereabouts,
    code_of,
)
from services.router.routes import Match, Routes
from tests.entries import MemoryEntries
from tests.services.router.builders import CONFIG, FAST, NOW_MS, SLOW, admitted, rule

TABLE = "prefix,network,name\n4670,240-01,Telia\n46701,24007,Tele2\n4673,240 02\n"
PORTED = "46701234567,24002\n"


class Told:
    """A port that says one thing, and how often it was asked."""

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.asked = 0

    def network_of(self, _recipient: Msisdn) -> str | None:
        self.asked += 1
        return self.code


def networks(folder: Path, *ports: Told) -> Networks:
    for name, text in (("networks.csv", TABLE), ("ported.csv", PORTED)):
        (folder / name).write_text(text, encoding="utf-8")
    ported = ByNumber(read_networks(folder / "ported.csv"))
    return Networks([ported, *ports], read_networks(folder / "networks.csv"))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("46701234567", "24002"),
        ("46701234568", "24007"),
        ("46702234567", "24001"),
        ("46732234567", "24002"),
        ("4680123456", None),
    ],
)
def test_a_ported_number_before_the_longest_prefix(
    tmp_path: Path, number: str, code: str | None
) -> None:
    assert networks(tmp_path).network_of(Msisdn(number)) == code


def test_who_does_not_know_leaves_it_to_the_next(tmp_path: Path) -> None:
    silent, certain, never = Told(None), Told("24008"), Told("24009")
    own = networks(tmp_path, silent, certain, never)
    assert own.network_of(Msisdn("46702234567")) == "24008"
    assert own.network_of(Msisdn("46701234567")) == "24002"
    assert (silent.asked, certain.asked, never.asked) == (1, 1, 0)
    assert networks(tmp_path, silent).network_of(Msisdn("46702234567")) == "24001"


def test_a_name_is_kept_where_there_is_one(tmp_path: Path) -> None:
    own = networks(tmp_path)
    assert [own.name_of(code) for code in ("24001", "24007", "24002", "1")] == [
        "Telia",
        "Tele2",
        "",
        "",
    ]
    assert Networks([], None).name_of("24001") == ""


def test_what_nobody_asks_is_not_looked_up_and_nothing_twice() -> None:
    port = Told("24001")
    where = Whereabouts(Msisdn("46701234567"), port.network_of)
    assert (where.country, port.asked) == ("SE", 0)
    assert (where.network, where.network, port.asked) == ("24001", "24001", 1)


def test_an_unknown_network_is_not_looked_up_twice_either() -> None:
    port = Told(None)
    where = Whereabouts(Msisdn("46701234567"), port.network_of)
    assert (where.network, where.network, port.asked) == (None, None, 1)


@pytest.mark.parametrize("written", ["24001", "240-01", "240 01"])
def test_a_network_may_be_written_in_several_ways(written: str) -> None:
    assert code_of(written) == "24001"


@pytest.mark.parametrize("written", ["", "2401", "2400123", "240-1", "Telia", "240/01", "٢٤٠٠١"])
def test_what_is_no_network_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="must be MCC and MNC"):
        code_of(written)


# --- in the router ----------------------------------------------------------------------------

ASKING = Routes(
    "v1",
    (
        rule("telia", "46", SLOW, match=Match(networks=frozenset({"24001"}))),
        rule("rest", "46", FAST, needs_network=True),
        rule("norway", "47", FAST, match=Match(countries=frozenset({"NO"}))),
    ),
)


def decided(port: Told, state: MemoryEntries, record: MtAdmitted) -> list[str]:
    """What a router makes of a record, in short."""
    state.now_ms = NOW_MS
    own = Router(CONFIG, ASKING, lambda _: True, Stops(), network_of=port.network_of)
    found = []
    for effect in own.decide(state, record, NOW_MS):
        told = effect.record
        assert isinstance(told, MtSubmit | MtRouted | MtRejected)
        found.append(told.reason if isinstance(told, MtRejected) else type(told).__name__)
        if isinstance(told, MtRouted):
            found.append(told.rule)
    return found


@pytest.mark.parametrize(
    ("recipient", "code", "expected", "asked"),
    [
        ("46701234567", "24001", ["MtSubmit", "MtRouted", "telia"], 1),
        ("46701234567", "24002", ["MtSubmit", "MtRouted", "rest"], 1),
        ("46701234567", None, ["unknown_network"], 1),
        ("4791234567", None, ["MtSubmit", "MtRouted", "norway"], 0),
    ],
)
def test_rules_go_by_the_network_which_is_looked_up_once_and_where_it_is_asked_for(
    recipient: str, code: str | None, expected: list[str], asked: int
) -> None:
    port = Told(code)
    assert decided(port, MemoryEntries(), admitted(recipient=recipient)) == expected
    assert port.asked == asked


@given(st.lists(st.sampled_from(["24001", "24002", None]), min_size=2, max_size=6))
def test_whatever_is_said_of_its_network_a_message_is_decided_once(
    codes: list[str | None],
) -> None:
    state, port = MemoryEntries(), Told(codes[0])
    assert decided(port, state, admitted(source="a/0/1")) != []
    for number, code in enumerate(codes[1:]):
        port.code = code
        before, asked = dict(state.octets), port.asked
        assert decided(port, state, admitted(source="a/0/1")) == []
        assert state.octets == before
        assert decided(port, state, admitted(source=f"b/0/{number}")) == ["duplicate"]
        assert port.asked == asked
