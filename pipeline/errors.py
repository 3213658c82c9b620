"""What `pipeline` raises, by who must act.

HeliographError
├── ConfigError        the operator: every fault of the configuration, each with its place
├── UnreadableError    nobody now: the record goes to the dead-letter topic as it is
├── BrokerError        the operator: no broker could be found or started
└── StateError         the operator: what is kept on disk is not what Kafka has
"""

from collections.abc import Sequence


class HeliographError(Exception):
    """Everything this package raises."""


class ConfigError(HeliographError):
    """The configuration can't be used; `faults` has one sentence each: where, what, what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class UnreadableError(HeliographError):
    """Octets that are no record of the kind expected; `reason` is machine-readable."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class BrokerError(HeliographError):
    """No Kafka broker could be reached, found or started; the text says what to do."""


class StateError(HeliographError):
    """The state on disk is ahead of its changelog; the text says what to do."""


class MisshapenError(HeliographError):
    """JSON that is no request; rejected under its `message_id`, if that could be read."""

    def __init__(self, detail: str, message_id: str | None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.message_id = message_id
