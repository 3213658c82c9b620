"""Segments that another gateway has sent: their receipts come to us after a cutover.

A CSV file with a header: connector, smsc_message_id, recipient, sender, message_id and submitted
(ISO 8601, with a zone), and where it is not the only one, segment and segments; tenant and deadline
if they are known. Each row becomes an outcome as a binder would have told it, so that the receipt
is joined, timed out and told like any other. Without a deadline it is waited for as long as usual
from now on: nobody knows how long a receipt that has not come yet may take.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from heliograph.opting import recipient_of
from heliograph.telling import tell
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId, MessageId, SmscMessageId
from pipeline.kafka.clients import now_ms
from pipeline.records import MtSubmitted

REPLICA = "import"
COLUMNS = ("connector", "smsc_message_id", "recipient", "sender", "message_id", "submitted")
OPTIONAL = ("segment", "segments", "tenant", "deadline")
LIFE_MS = 48 * 3_600_000  # from now, of a message that says no deadline
SEGMENTS_MAX = 255


def bring_in(config: Config, path: Path) -> int:
    """Tell the correlator of each segment in a file; how many, once Kafka has all.

    Raises HeliographError: before anything is written, if a row is wrong; if it is Kafka that
    refuses, some may be told, and the same file again changes nothing about those.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(rows_of(config, lines, path.name, now_ms()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise HeliographError(f"{path} can't be read: {error}") from error
    tell(config, topics.CORRELATOR_IN, ((row.recipient, row) for row in rows))
    return len(rows)


def rows_of(config: Config, lines: Iterable[str], name: str, now_ms: int) -> Iterator[MtSubmitted]:
    """The segments of a file; raises HeliographError that says which line is wrong, and why."""
    reader = csv.DictReader(lines)
    columns = reader.fieldnames = [column.strip() for column in reader.fieldnames or ()]
    if missing := [column for column in COLUMNS if column not in columns]:
        raise HeliographError(f"{name}: the header lacks {', '.join(missing)}")
    if unknown := [column for column in columns if column not in (*COLUMNS, *OPTIONAL)]:
        raise HeliographError(f"{name}: the header has {', '.join(unknown)}, which nobody reads")
    for row in reader:
        place = f"{name} line {reader.line_num}: "
        if any(value is None for value in row.values()) or None in row:
            raise HeliographError(f"{place}it has not as many fields as the header")
        stripped = {column: value.strip() for column, value in row.items()}
        yield _segment(config, stripped, place, now_ms)


def _segment(config: Config, row: dict[str, str], place: str, now_ms: int) -> MtSubmitted:
    for column in COLUMNS:
        if not row[column]:
            raise HeliographError(f"{place}{column} is empty")
    if row["connector"] not in config.connectors:
        known = ", ".join(config.connectors)
        raise HeliographError(f"{place}there is no connector {row['connector']!r}; {known}")
    tenant = row.get("tenant") or next(iter(config.tenants))
    segments = _number(row.get("segments") or "1", "segments", SEGMENTS_MAX, place)
    submitted_ms = _time(row["submitted"], "submitted", place)
    deadline = row.get("deadline")
    default_ms = max(submitted_ms, now_ms) + LIFE_MS
    recipient = recipient_of(config, row["recipient"], tenant, place)
    return MtSubmitted(
        message_id=MessageId(row["message_id"]),
        segment=_number(row.get("segment") or "1", "segment", segments, place),
        segments=segments,
        hop=0,
        connector=ConnectorId(row["connector"]),
        recipient=recipient,
        sender=row["sender"],
        tenant=tenant,
        class_="transactional",
        outcome="accepted",
        command_status=0,
        smsc_message_id=SmscMessageId(row["smsc_message_id"]),
        receipt_expected=True,
        replica=REPLICA,
        bind=0,
        attempt=1,
        submit_lane="normal",
        submit_partition=0,
        submit_offset=-1,
        requested_ms=submitted_ms,
        submitted_ms=submitted_ms,
        answered_ms=submitted_ms,
        deadline_ms=_time(deadline, "deadline", place) if deadline else default_ms,
        test=config.tenants[tenant].test or config.connectors[row["connector"]].sandbox,
    )


def _number(text: str, column: str, most: int, place: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= most:
        raise HeliographError(f"{place}{column} is {text!r}; it must be 1 to {most}")
    return int(text)


def _time(text: str, column: str, place: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise HeliographError(
            f"{place}{column} is {text!r}; write it like 2026-09-22T14:00:00+02:00"
        )
    return round(moment.timestamp() * 1000)
