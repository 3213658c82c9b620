"""Of the senders that a rule sets, the one for a recipient: a row a way to choose; pure."""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

from pipeline.countries import country_of
from pipeline.ids import Msisdn
from pipeline.records import MtRequest
from services.router.routes import Changes
from services.router.senders import Sender, read
from services.router.strategies import chosen


def nearest(names: Sequence[str], recipient: Msisdn) -> str:
    """A number of the recipient's country, of several the one that begins most alike; where there
    is none, what is no number of another country; else any. Always the same for a recipient."""
    ranks = [_nearness(read(name), recipient) for name in names]
    best = max(ranks)
    return chosen([n for n, rank in zip(names, ranks, strict=True) if rank == best], recipient)


SENDER_BY: Mapping[str, Callable[[Sequence[str], Msisdn], str]] = {
    "sticky": chosen,
    "nearest": nearest,
}


def sender_of(
    changes: Changes, sender: Sender | None, request: MtRequest, recipient: Msisdn
) -> Sender | None:
    """Whom a message is sent from; `sender` is what its tenant may use, None for a stranger's."""
    if changes.senders is None or (sender is None and request.from_ is not None):
        return sender
    return read(SENDER_BY[changes.sender_by](changes.senders, recipient))


FOREIGN, NO_NUMBER, DOMESTIC = range(3)


def _nearness(sender: Sender, recipient: Msisdn) -> tuple[int, int]:
    """The nearer the more."""
    if sender.kind != "international":
        return NO_NUMBER, 0
    if country_of(Msisdn(sender.addr)) != country_of(recipient):
        return FOREIGN, 0
    pairs = zip(sender.addr, recipient, strict=False)
    return DOMESTIC, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
