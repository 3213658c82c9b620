"""The ledger: what this SMSC saw and did, in four append-only journals nobody can argue with.

An entry is a plain tuple in the order of its journal's columns, written once and never touched
again; it becomes JSON only when it is read. Times are nanoseconds in the entry and milliseconds
since 1970 UTC, to the microsecond, in JSON. A journal is bounded: when it is full it stops taking
entries and counts what it could not take, and `statistics` says so. It never drops what it has.

Our own id of a segment (message_id and segment number) comes in a vendor TLV as
b"<message_id>|<segment>", so that whoever judges counts by the sender's ids and not by ours. Of a
text, only the number of octets is kept.

A bind has two entries, for neither is ever changed: one when it opens, and one when it has closed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import structlog

from smpp.values import MessageState

LOG = structlog.get_logger()

LEDGER_TLV = 0x1501
LINES_PER_CHUNK = 1000

SEGMENT_COLUMNS = (
    "own_id",
    "smsc_message_id",
    "account",
    "bind",
    "source_addr",
    "destination_addr",
    "short_message_octets",
    "esm_class",
    "data_coding",
    "read_ms",
    "command_status",
)
DELIVER_SM_COLUMNS = (
    "account",
    "bind",
    "source_addr",
    "destination_addr",
    "short_message_octets",
    "esm_class",
    "data_coding",
    "attempt",
    "sent_ms",
    "ended_ms",
    "end",
    "command_status",
)
RECEIPT_COLUMNS = ("own_id", "smsc_message_id", "state", "is_early", *DELIVER_SM_COLUMNS)
MO_COLUMNS = ("mo", "part", "parts", *DELIVER_SM_COLUMNS)
BIND_COLUMNS = ("account", "bind", "bind_type", "peer", "opened_ms", "closed_ms", "why")

Entry = tuple[object, ...]


class Journal:
    """One append-only list of entries."""

    def __init__(self, name: str, columns: tuple[str, ...], entries_max: int) -> None:
        self.name = name
        self.unrecorded = 0
        self._columns = columns
        self._entries_max = entries_max
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def write(self, entry: Entry) -> None:
        """Append, or count what there is no room for."""
        if len(self._entries) < self._entries_max:
            self._entries.append(entry)
            return
        if not self.unrecorded:
            LOG.error("ledger full", journal=self.name, entries_max=self._entries_max)
        self.unrecorded += 1

    def chunks(self, after: int) -> Iterator[bytes]:
        """JSON lines of the entries behind number `after`, as many as there are now."""
        encode = msgspec.json.Encoder().encode
        last = len(self._entries)
        for first in range(after, last, LINES_PER_CHUNK):
            entries = self._entries[first : min(first + LINES_PER_CHUNK, last)]
            rows = enumerate(entries, first + 1)
            yield b"".join([encode(self._as_json(n, entry)) + b"\n" for n, entry in rows])

    def _as_json(self, number: int, entry: Entry) -> dict[str, object]:
        row: dict[str, object] = {"journal": self.name, "n": number}
        for column, value in zip(self._columns, entry, strict=True):
            if column == "own_id":
                row["message_id"], row["segment"] = read_own_id(value)
            elif column.endswith("_ms"):
                row[column] = as_ms(value)
            elif isinstance(value, MessageState):
                row[column] = value.name
            else:
                row[column] = value
        return row


class Ledger:
    """The four journals of one sandbox."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self.segments = Journal("segments", SEGMENT_COLUMNS, entries_max)
        self.receipts = Journal("receipts", RECEIPT_COLUMNS, entries_max)
        self.mo = Journal("mo", MO_COLUMNS, entries_max)
        self.binds = Journal("binds", BIND_COLUMNS, entries_max)
        own = (self.segments, self.receipts, self.mo, self.binds)
        self.journals = {journal.name: journal for journal in own}
        self._open: dict[int, Entry] = {}

    def bind_opened(self, bind: int, account: str, bind_type: str, peer: str, now_ns: int) -> None:
        """A bind has been let in."""
        self._open[bind] = (account, bind, bind_type, peer, now_ns)
        self.binds.write((*self._open[bind], None, None))

    def bind_closed(self, bind: int, why: str, now_ns: int) -> None:
        """A bind that was opened is no more."""
        self.binds.write((*self._open.pop(bind), now_ns, why))

    def statistics(self) -> dict[str, Any]:
        """How full it is, and aloud what it could not take."""
        unrecorded = {own.name: own.unrecorded for own in self.journals.values()}
        return {
            "complete": not any(unrecorded.values()),
            "entries_max": self._entries_max,
            "entries": {own.name: len(own) for own in self.journals.values()},
            "unrecorded": unrecorded,
        }


def keep(ledger: Ledger, statistics: dict[str, Any], path: Path) -> None:
    """Write all of `ledger` to `path` as JSON lines, `statistics` last; OSError when it can't be.

    A file without that last line is not whole.
    """
    with path.open("wb") as file:
        for journal in ledger.journals.values():
            file.writelines(journal.chunks(0))
        file.write(msgspec.json.encode({"journal": "statistics", **statistics}) + b"\n")


def own_id(tlvs: tuple[tuple[int, bytes], ...]) -> bytes | None:
    """The sender's own id of a segment, as it stands in the vendor TLV."""
    for tag, octets in tlvs:
        if tag == LEDGER_TLV:
            return octets
    return None


def read_own_id(octets: object) -> tuple[str | None, int | None]:
    """message_id and segment; without a segment number the whole is the message_id."""
    if not isinstance(octets, bytes):
        return None, None
    text = octets.rstrip(b"\0").decode("utf-8", "replace")
    message_id, _, segment = text.rpartition("|")
    if message_id and segment.isascii() and segment.isdecimal():
        return message_id, int(segment)
    return text, None


def as_ms(time_ns: object) -> float | None:
    """Milliseconds with microseconds behind the point; None stays None."""
    return round(time_ns / 1e6, 3) if isinstance(time_ns, int) else None
