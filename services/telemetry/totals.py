"""What has come since the process started, in totals: what the demo's table shows; pure."""

from collections import Counter

from pipeline.records import Dlr, Mo, MtEvent, Record


class Totals:
    """Running totals; what test tenants do is in `tests`, totals of their own, and nowhere else."""

    def __init__(self, *, is_of_tests: bool = False) -> None:
        self.tests = None if is_of_tests else Totals(is_of_tests=True)
        self.events: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.receipts_joined = 0
        self.receipts_orphaned = 0
        self.mo = 0

    def note(self, record: Record) -> None:
        """Take one record of a public topic."""
        if self.tests is not None and getattr(record, "test", False):
            self.tests.note(record)
            return
        match record:
            case MtEvent(event=event, state=state, terminal=is_end):
                self.events[event] += 1
                if is_end:
                    self.outcomes[state] += 1
            case Dlr(message_id=None):
                self.receipts_orphaned += 1
            case Dlr():
                self.receipts_joined += 1
            case Mo():
                self.mo += 1

    def as_dict(self) -> dict[str, object]:
        """All of them as plain values."""
        return {
            "events": dict(self.events),
            "outcomes": dict(self.outcomes),
            "receipts_joined": self.receipts_joined,
            "receipts_orphaned": self.receipts_orphaned,
            "mo": self.mo,
        } | ({} if self.tests is None else {"tests": self.tests.as_dict()})
