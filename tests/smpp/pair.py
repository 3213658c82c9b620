"""An ESME's session and an SMSC's, joined in memory octet by octet under a clock of the test's."""

from smpp.pdu import Bind, BindTransceiver, Pdu
from smpp.session import Event, Session, SessionConfig
from smpp.state import Role
from smpp.values import CommandStatus


class Pair:
    """`esme` and `smsc`; `flow` carries what both have written until neither writes any more."""

    def __init__(
        self, config: SessionConfig | None = None, *, chunk_octets: int = 7, last_number: int = 0
    ) -> None:
        self.now = 0.0
        self.chunk_octets = chunk_octets
        config = config or SessionConfig()
        self.esme = Session(Role.ESME, config, self.now, sequence_number=last_number)
        self.smsc = Session(Role.SMSC, config, self.now)
        self.told: dict[Session, list[Event]] = {self.esme: [], self.smsc: []}

    @classmethod
    def bound(
        cls,
        config: SessionConfig | None = None,
        bind: Bind | None = None,
        *,
        last_number: int = 0,
    ) -> "Pair":
        """A pair after a successful bind."""
        pair = cls(config, last_number=last_number)
        pair.esme.send(bind or BindTransceiver(), pair.now)
        pair.flow()
        [request] = pair.requests(pair.smsc)
        pair.smsc.respond(request, pair.now, CommandStatus.ESME_ROK)
        pair.flow()
        pair.events(pair.esme)
        return pair

    def flow(self) -> None:
        """Carry everything over, in small chunks."""
        while self.esme.outgoing or self.smsc.outgoing:
            for source, sink in ((self.esme, self.smsc), (self.smsc, self.esme)):
                octets = source.take_outgoing()
                for at in range(0, len(octets), self.chunk_octets):
                    chunk = octets[at : at + self.chunk_octets]
                    self.told[sink] += sink.receive(chunk, self.now)

    def tick(self, now: float) -> None:
        """Let time pass for both."""
        self.now = now
        for session in (self.esme, self.smsc):
            self.told[session] += session.tick(now)

    def events(self, session: Session) -> list[Event]:
        """What a session told since the last time."""
        told, self.told[session] = self.told[session], []
        return told

    def requests(self, session: Session) -> list[Pdu]:
        """The requests among what a session told since the last time."""
        return [event for event in self.events(session) if isinstance(event, Pdu)]
