"""`heliograph report` of a real run: equal to the carriers' ledgers, and to ClickHouse's SQL."""

import json
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from confluent_kafka import Producer

from heliograph import reporting
from heliograph.options import config_at
from heliograph.report import WORDS, folded, window_of
from heliograph.reporting import COLUMNS, Window
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.reader import offsets_at, read_to_end
from pipeline.records import MtEvent
from tests.end_to_end.pipelines import Pipeline, heliograph, running

DEADLINE_S = 150
MESSAGES = 240
TESTS = 5
ZONES = {"slow": "Asia/Kathmandu", "fast": "America/New_York"}
FAST = """
base: test
faults: [{fault: never_answer_submit, share: 0.03}]
"""
CODEC = Codec()


def by_zones(config: Any) -> None:
    for name in ("fast", "test"):  # both are at the sandbox that does not always answer
        config["connectors"][name]["response_timeout_s"] = 3
    for name, zone in ZONES.items():
        config["profiles"][config["connectors"][name]["profile"]]["zone"] = zone


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("report")
    with running(folder, {"fast": FAST}, change=by_zones) as own:
        played(own)
        yield own


def events_of(pipeline: Pipeline) -> list[MtEvent]:
    """All that the topic has."""
    messages = read_to_end(KafkaConfig(bootstrap_servers=pipeline.bootstrap), ["sms.mt.event"])
    return [CODEC.decode(message.value(), MtEvent) for message in messages]


def report(pipeline: Pipeline, *options: str) -> subprocess.CompletedProcess[str]:
    """What the command says."""
    return heliograph(pipeline.bootstrap, "report", "--config", str(pipeline.config), *options)


def played(pipeline: Pipeline) -> None:
    """Send to both carriers, some of it by a test tenant, and wait until all has ended."""
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    for number in range(MESSAGES):
        request = {
            "message_id": f"m{number}",
            "to": f"+4670{number:07}" if number % 2 else f"+4477009{number:05}",
            "from": "ACME",
            "text": "hello" if number % 5 else "a long one " * 30,
            "on_ambiguous": "resend" if number % 4 else "give_up",
        }
        producer.produce("sms.mt.request", json.dumps(request).encode())
    for number in range(TESTS):
        request = {"message_id": f"t{number}", "to": "+99946700001", "from": "ACME", "text": "hi"}
        producer.produce("sms.mt.request.tenant.test", json.dumps(request).encode())
    assert producer.flush(10) == 0
    asked = {f"m{number}" for number in range(MESSAGES)} | {f"t{number}" for number in range(TESTS)}
    deadline = time.monotonic() + DEADLINE_S
    while left := asked - {event.message_id for event in events_of(pipeline) if event.terminal}:
        events = [event for event in events_of(pipeline) if event.message_id in left]
        assert time.monotonic() < deadline, events
        time.sleep(1)
    time.sleep(2)  # receipts of what was sent again


def tables(text: str) -> dict[str, list[dict[str, Any]]]:
    """The tables as they were printed."""
    found: dict[str, list[dict[str, Any]]] = {}
    columns: list[str] = []
    for line in text.splitlines():
        if not line.startswith(" "):
            rows = found.setdefault(line.removesuffix(": nothing"), [])
            columns = []
        elif not columns:
            columns = line.split()
        else:
            rows.append(dict(zip(columns, map(cell, columns, line.split()), strict=True)))
    return found


def cell(column: str, text: str) -> str | int:
    if column in WORDS or column == "cost":
        return "" if text == "-" else text
    return int(text.replace(",", ""))


def today() -> tuple[str, str]:
    """From yesterday until in an hour."""
    now = datetime.now(UTC)
    return (now - timedelta(days=1)).isoformat(), (now + timedelta(hours=1)).isoformat()


def test_an_invoice_is_equal_to_the_ledgers_to_the_segment(pipeline: Pipeline) -> None:
    begin, end = today()
    options = pipeline.ledgers
    done = report(pipeline, "--from", begin, "--to", end, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    told = tables(done.stdout)
    billed: Counter[str] = Counter()
    for row in told["reconciliation"]:
        assert (row["only_ours"], row["only_theirs"]) == (0, 0)
        billed[row["connector"]] += row["theirs"]
        zone = ZoneInfo(ZONES[row["connector"]])
        assert row["day"] in {
            (datetime.now(zone) - timedelta(minutes=m)).date().isoformat() for m in (0, 5)
        }
    for name, url in pipeline.carriers.items():
        with urllib.request.urlopen(f"{url}/ledger/segments", timeout=10) as lines:
            rows = [json.loads(line) for line in lines]
        taken = [r for r in rows if r["command_status"] == 0 and r["account"] == "heliograph"]
        assert billed[name] == len(taken) > MESSAGES / 4
    compared = {(row["connector"], row["day"]): row for row in told["reconciliation"]}
    for row in told["invoice"]:
        assert compared[row["connector"], row["day"]]["ours"] == row["accepted"]
    lost = sum(row["lost_answers"] for row in told["reconciliation"])
    in_doubt = sum(row["in_doubt"] for row in told["invoice"])
    assert lost > in_doubt > 0  # the others were written again, and are no longer in doubt


def test_what_the_ledger_lacks_is_told_and_ends_with_1(pipeline: Pipeline, tmp_path: Path) -> None:
    with urllib.request.urlopen(
        f"{pipeline.carriers['slow']}/ledger/segments", timeout=10
    ) as lines:
        rows = list(lines)
    statistics = json.dumps({"journal": "statistics", "faults": []}).encode() + b"\n"
    foreign = {**json.loads(rows[0]), "smsc_message_id": "f00", "message_id": None}
    short = tmp_path / "ledger"
    short.write_bytes(b"".join([*rows[1:], json.dumps(foreign).encode() + b"\n", statistics]))
    done = report(pipeline, "--from", today()[0], "--ledger", f"slow={short}")
    assert done.returncode == 1, done.stdout + done.stderr
    [row] = tables(done.stdout)["reconciliation"]
    assert (row["ours"], row["theirs"]) == (len(rows), len(rows))
    assert (row["only_ours"], row["only_theirs"]) == (1, 1)


def test_a_day_of_an_invoice_that_is_not_wholly_asked_for_ends_with_1(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    bill, day = tmp_path / "bill.csv", datetime.now(ZoneInfo(ZONES["slow"])).date()
    bill.write_text(f"day,segments\n{day},1\n", encoding="utf-8")
    done = report(pipeline, "--from", today()[0], "--invoice", f"slow={bill}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"invoice of slow: {day} not compared" in done.stderr
    day -= timedelta(days=9)
    bill.write_text(f"day,segments\n{day},0\n", encoding="utf-8")
    begin, end = f"{day}T00:00+05:45", f"{day + timedelta(days=1)}T00:00+05:45"
    done = report(pipeline, "--from", begin, "--to", end, "--invoice", f"slow={bill}")
    assert (done.returncode, done.stderr) == (0, "")


def test_clickhouse_says_the_same_of_the_same_records(pipeline: Pipeline, tmp_path: Path) -> None:
    pytest.importorskip("chdb", reason="no ClickHouse here: make analytics installs it")
    from tests.analytics.clickhouse import ClickHouse

    begin, end = today()
    done = report(pipeline, "--from", begin, "--to", end, "--html", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    clickhouse = ClickHouse(tmp_path, ZONES)
    try:
        clickhouse.take(events_of(pipeline))
        for name, rows in tables(done.stdout).items():
            assert clickhouse.rows(name, window_of(begin, end)) == [tuple(r.values()) for r in rows]
            assert tuple(rows[0]) == COLUMNS[name]
    finally:
        clickhouse.close()


def test_a_price_is_found_though_the_way_was_chosen_before(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS", pipeline.bootstrap)
    monkeypatch.setattr("heliograph.report.CLOCKS_MS", 0)
    events = [event for event in events_of(pipeline) if event.country == "SE" and not event.test]
    routed = max(event.at_ms for event in events if event.event == "routed")
    window = Window(routed + 1, routed + 3_600_000)
    cost = reporting.tables(folded(config_at(pipeline.config), window), {})["cost"]
    written = [e for e in events if e.event == "segment_accepted" and e.submitted_ms]
    later = [e for e in written if window.has(e.submitted_ms or 0)]
    swedish = [row for row in cost if row[1] == "SE"]
    assert sum(int(row[3]) for row in swedish) == len(later) > 0
    assert [row[4] for row in swedish] == [0] * len(swedish)


def test_a_reader_begins_and_ends_where_it_is_told(pipeline: Pipeline) -> None:
    kafka = KafkaConfig(bootstrap_servers=pipeline.bootstrap)
    stamps = sorted(m.timestamp()[1] for m in read_to_end(kafka, ["sms.mt.event"]))
    middle_ms = stamps[len(stamps) // 2]
    middle = offsets_at(kafka, "sms.mt.event", middle_ms)
    later = [m.timestamp()[1] for m in read_to_end(kafka, ["sms.mt.event"], starts=middle)]
    assert sorted(later) == [stamp for stamp in stamps if stamp >= middle_ms]
    first = offsets_at(kafka, "sms.mt.event", 0)
    earlier = read_to_end(kafka, ["sms.mt.event"], starts=first, ends=middle)
    assert sorted(m.timestamp()[1] for m in earlier) == [s for s in stamps if s < middle_ms]
    ends = offsets_at(kafka, "sms.mt.event", stamps[-1] + 3_600_000)
    assert list(read_to_end(kafka, ["sms.mt.event"], starts=ends)) == []
