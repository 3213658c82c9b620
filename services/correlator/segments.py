"""The segments of a handset that a receipt may still speak of; pure.

Theory. One entry of the state holds a row for each segment that an SMSC has, or may have: whatever
is asked about a receipt beyond its id is a question over all of them. A number under test may get
a hundred thousand messages, so only the newest rows stand there; older ones go to an entry each,
where only their id finds them.

    segments                          the newest rows, of every carrier
    segment|<domain>|<id>             an older one, by its id; the newest, for ids are used again
    ended|<message_id>|<segment>|<hop>  had its final receipt, of one whose row is not at hand
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from pipeline.effects import Entries
from pipeline.ids import ConnectorId, MessageId, Msisdn, SmscMessageId
from services.correlator.carriers import Carriers
from services.correlator.ids import forms

SEGMENTS = "segments"
ROWS_MAX = 16


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A segment at an SMSC; smsc_message_id is "" while no answer and no receipt has told it."""

    domain: str
    smsc_message_id: SmscMessageId
    message_id: MessageId
    segment: int
    segments: int
    hop: int
    tenant: str
    sender: str
    connector: ConnectorId
    submitted_ms: int | None
    answered_ms: int
    until_ms: int
    is_final: bool = False
    recipient: Msisdn | None = None  # where the state is not that of its handset
    is_receipt_s: bool = False  # its id is as a receipt has written it, for no answer has told one
    is_copied: bool = False  # it waits for its receipts under its id, not here
    trace: str | None = None  # the traceparent that its receipts follow from, if it is sampled

    @property
    def what(self) -> str:
        """Which segment on which way it is: however often it was accepted there."""
        return f"{self.message_id}|{self.segment}|{self.hop}"

    @property
    def has_no_id(self) -> bool:
        """The SMSC has never said which it is."""
        return not self.smsc_message_id

    @property
    def is_doubtful(self) -> bool:
        """No answer of the SMSC has told its id."""
        return not self.smsc_message_id or self.is_receipt_s


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest rows, the oldest first, and until when there may be others beside them."""

    rows: tuple[Row, ...] = ()
    spilled_until_ms: int = 0


class Ended(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """That a segment had its final receipt."""

    is_final: bool = True


class Segments:
    """The rows of the handset whose record is being decided; `keep` writes what was changed."""

    def __init__(self, state: Entries, carriers: Carriers, now_ms: int) -> None:
        self._state = state
        self._carriers = carriers
        self._now_ms = now_ms
        self._before = state.get(SEGMENTS, Stored) or Stored()
        self._spilled_until_ms = self._before.spilled_until_ms
        self._forms: dict[tuple[str, str, bool], str] = {}  # each is asked for several times
        self.rows = tuple([row for row in self._before.rows if row.until_ms > now_ms])

    def under(self, domain: str, form: str) -> tuple[Row, ...]:
        """The rows of a carrier with an id whose first form this is."""
        found = [row for row in self.rows if row.domain == domain and self._form(row) == form]
        if self._has_spilled:
            older = self._state.get(f"segment|{domain}|{form}", Row)
            found += [older] if older and older.until_ms > self._now_ms else []
        return tuple(found)

    def is_final(self, what: str) -> bool:
        """Whether a segment had its final receipt, by its `what`."""
        for row in self.rows:
            if row.is_final and row.what == what:
                return True
        return self._has_spilled and self._state.get(f"ended|{what}", Ended) is not None

    def add(self, row: Row) -> bool:
        """Take an acceptance or a doubt over; False when it is known. A doubt ends with an answer,
        and what was known of the segment under the same id goes over to the newer one."""
        known = self.rows if row.has_no_id else self.under(row.domain, self._form(row))
        newer = [other for other in known if row.answered_ms <= other.answered_ms]
        is_same = _is_segment if row.has_no_id else _is_same
        if any(is_same(row, other) for other in newer):
            return False
        mine = replace(row, is_final=self.is_final(row.what))
        others = [
            other
            for other in self.rows
            if not (_is_segment(mine, other) and (other.is_doubtful or _is_same(mine, other)))
        ]
        rows = sorted([*others, mine], key=lambda other: other.answered_ms)
        for old in rows[:-ROWS_MAX]:
            self._spill(old)
        self.rows = tuple(rows[-ROWS_MAX:])
        return True

    def resolve(self, doubtful: Row, smsc_message_id: SmscMessageId) -> None:
        """The SMSC has it after all, under this id, as a receipt says."""
        mine = replace(doubtful, smsc_message_id=smsc_message_id, is_receipt_s=True)
        self.rows = tuple(mine if row == doubtful else row for row in self.rows)

    def end(self, ended: Row) -> None:
        """Note that a segment had its final receipt."""
        mine = [_is_segment(row, ended) for row in self.rows]
        if any(mine):
            rows = zip(self.rows, mine, strict=True)
            self.rows = tuple([replace(row, is_final=True) if own else row for row, own in rows])
        else:
            self._put(f"ended|{ended.what}", Ended(), self._spilled_until_ms)

    def keep(self) -> None:
        """Write the entry, if it has changed."""
        now = Stored(self.rows, self._spilled_until_ms)
        if now != self._before:
            until_ms = max(self._spilled_until_ms, *(row.until_ms for row in self.rows), 0)
            self._put(SEGMENTS, now, until_ms)

    @property
    def _has_spilled(self) -> bool:
        return self._spilled_until_ms > self._now_ms

    def _form(self, row: Row) -> str:
        """What to compare with the forms of a receipt's id; a row without an id has none."""
        if row.has_no_id:
            return ""
        name = row.connector, row.smsc_message_id, row.is_receipt_s
        form = self._forms.get(name)
        if form is None:
            carrier = self._carriers.of(row.connector)
            notation = carrier.receipt if row.is_receipt_s else carrier.response
            form = self._forms[name] = forms(row.smsc_message_id, notation)[0]
        return form

    def _spill(self, row: Row) -> None:
        """A row without an id has nothing to be found by, and is given up."""
        if row.is_final:
            self._put(f"ended|{row.what}", Ended(), row.until_ms)
        if not row.has_no_id:
            name = f"segment|{row.domain}|{self._form(row)}"
            known = self._state.get(name, Row)
            if known is None or known.answered_ms <= row.answered_ms:
                self._put(name, row, row.until_ms)
        self._spilled_until_ms = max(self._spilled_until_ms, row.until_ms)

    def _put(self, name: str, entry: msgspec.Struct, until_ms: int) -> None:
        self._state.put(name, entry, max(1, -(-(until_ms - self._now_ms) // 1000)))


def _is_segment(one: Row, other: Row) -> bool:
    """Whether both are of one segment on one way."""
    return (
        one.message_id == other.message_id and one.segment == other.segment and one.hop == other.hop
    )


def _is_same(one: Row, other: Row) -> bool:
    """Whether both are of one segment under one id, or in one doubt."""
    ids = one.smsc_message_id == other.smsc_message_id and one.domain == other.domain
    return ids and one.is_receipt_s == other.is_receipt_s and _is_segment(one, other)


def of_carrier(rows: Iterable[Row], domain: str) -> Iterator[Row]:
    """Those of one carrier."""
    return (row for row in rows if row.domain == domain)
