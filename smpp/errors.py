"""Everything this package raises. The type says who must act.

SmppError
├── LocalProtocolError          we broke SMPP: our bug
│   └── EncodeError             a record that cannot be written; names its field
├── RemoteProtocolError         the peer broke SMPP; `nack` is the status of our answer
│   ├── FramingError            a command_length that cannot be followed
│   └── PduError                a PDU that cannot be read; the only error of `decode`
├── TextError
│   ├── UnencodableError        a character the alphabet lacks
│   └── UndecodableError        octets that are no text of that data_coding
├── SegmentError                parts that cannot be made or joined
├── ContentError                what an application over SMS cannot say, or octets it cannot read
├── TimeError                   what is no SMPP time, or cannot be written as one
├── CaptureError                octets that are no capture file, or hex that is none
├── TlsError                    a certificate or key that cannot be used: the configuration
└── LinkError
    ├── ConnectError            no TCP or TLS connection
    │   └── ConnectTimeoutError
    ├── BindRefusedError        the SMSC said no, with this status
    ├── BindTimeoutError        the SMSC said nothing
    ├── SessionLostError        the bind is gone: requests in its window have an unknown fate
    └── ResponseTimeoutError    no answer in time: this request has an unknown fate
"""

from smpp.values import CommandStatus


class SmppError(Exception):
    """Everything this package raises."""


class LocalProtocolError(SmppError):
    """We broke SMPP: our bug, never to be retried."""


class EncodeError(LocalProtocolError):
    """A record holds what its wire format cannot carry."""

    def __init__(self, command: str, field: str, why: str) -> None:
        super().__init__(f"{command}.{field}: {why}")
        self.field = field


class RemoteProtocolError(SmppError):
    """The peer broke SMPP; `nack` is the status our answer carries."""

    def __init__(self, why: str, *, nack: CommandStatus) -> None:
        super().__init__(why)
        self.nack = nack


class FramingError(RemoteProtocolError):
    """The stream cannot be cut into PDUs any more."""

    def __init__(self, command_length: int) -> None:
        super().__init__(
            f"command_length 0x{command_length:08X}", nack=CommandStatus.ESME_RINVCMDLEN
        )
        self.command_length = command_length


class PduError(RemoteProtocolError):
    """A whole PDU that cannot be read; `field` is "" when no field is to blame."""

    def __init__(
        self,
        why: str,
        *,
        nack: CommandStatus,
        field: str = "",
        command_id: int = 0,
        sequence_number: int = 0,
    ) -> None:
        super().__init__(f"{field}: {why}" if field else why, nack=nack)
        self.why = why
        self.field = field
        self.command_id = command_id
        self.sequence_number = sequence_number


class TextError(SmppError):
    """A text and an alphabet do not fit."""


class UnencodableError(TextError):
    """The alphabet lacks this character."""

    def __init__(self, character: str, alphabet: str) -> None:
        super().__init__(f"{alphabet} has no {character!a}")
        self.character = character
        self.alphabet = alphabet


class UndecodableError(TextError):
    """The octets are no text of this alphabet."""


class SegmentError(SmppError):
    """A message cannot be cut into parts, or parts cannot be joined."""


class ContentError(SmppError):
    """The content of an application over SMS that cannot be written, or octets that are none."""


class TimeError(SmppError):
    """What is no SMPP time, or a moment that cannot be written as one."""


class CaptureError(SmppError):
    """Octets that are no capture file, or hex that is none."""


class TlsError(SmppError):
    """A certificate or a key that cannot be used; the cause is chained."""


class LinkError(SmppError):
    """The connection or the bind on it failed."""


class ConnectError(LinkError):
    """No connection; the cause is chained."""


class ConnectTimeoutError(ConnectError, TimeoutError):
    """No connection in time."""


class BindRefusedError(LinkError):
    """The SMSC answered the bind with `status`."""

    def __init__(self, status: CommandStatus) -> None:
        super().__init__(f"bind refused: {status.name}")
        self.status = status


class BindTimeoutError(LinkError, TimeoutError):
    """The SMSC did not answer the bind in time."""


class SessionLostError(LinkError):
    """The bind is gone: requests in the window have unknown fate."""


class ResponseTimeoutError(LinkError, TimeoutError):
    """The request stays unanswered: its fate is unknown."""
