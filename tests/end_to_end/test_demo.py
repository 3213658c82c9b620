"""`heliograph demo`, judged by the sandboxes' ledgers."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.conftest import Played, in_foreground

Demo = Callable[..., Played]


def test_the_whole_loop_loses_nothing_and_doubles_nothing(demo: Demo) -> None:
    played = demo("--messages", "600", "--rate", "150")
    report = played.report
    assert played.code == 0, played.output
    asked = 600 + report["answers"]
    assert (report["requested"], report["lost"], report["duplicated"]) == (asked, 0, 0)
    assert sum(report["outcomes"].values()) + report["duplicate_requests"] == asked
    assert report["outcomes"]["delivered"] > 400
    assert report["outcomes"]["rejected"] > 0
    assert report["duplicate_requests"] > 0
    assert report["receipts_joined"] >= report["segments"] * 0.9
    assert report["receipts_orphaned"] == 0
    assert report["mo_received"] == 200
    assert 20 < report["answers"] < 100  # STOP and HELP: two of six texts
    assert [line.split()[0] for line in report["votes"][1:3]] in (["A", "B"], ["B", "A"])
    assert {"request_to_submit", "request_to_receipt"} == set(report["latency_ms"])


def test_a_binder_killed_in_mid_load_loses_nothing_and_doubles_within_its_bound(demo: Demo) -> None:
    played = demo("--messages", "1000", "--rate", "0", "--kill", "binder")
    report = played.report
    assert played.code == 0, played.output
    assert report["killed"]
    assert report["lost"] == 0
    assert report["duplicated"] <= report["duplicate_bound"]


def test_garbage_ends_in_the_dead_letters_and_harms_nobody(demo: Demo) -> None:
    played = demo("--messages", "300", "--rate", "0", "--garbage", "300", "--json")
    assert played.code == 0, played.output
    assert json.loads(played.said) == played.report
    assert played.report["dead_letters"] == 300
    assert played.report["lost"] == 0


def test_interrupted_it_ends_everything_it_started() -> None:
    with in_foreground("demo", "--messages", "100000") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Up after"):
                break
        children = descendants(process.pid)
        assert len(children) > 10
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    deadline = time.monotonic() + 5
    while left := [pid for pid in children if is_running(pid)]:
        assert time.monotonic() < deadline, left


def is_running(pid: int) -> bool:
    """Whether a process lives; one that only waits to be reaped by init does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text(encoding="utf-8").split()):
            found += [child, *descendants(child)]
    return found
