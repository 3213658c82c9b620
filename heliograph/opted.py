"""What the router knows of recipients: opt-outs and opt-ins, read from the changelog of its state.

Nobody but a router has its state, but whatever it has committed stands in the changelog, for ever;
what it has not read yet does not.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, NamedTuple

from heliograph.opting import recipient_of
from heliograph.wishes import COLUMNS
from pipeline import consents, opt_outs, topics
from pipeline.changelog import kept
from pipeline.config import Config
from services.router.opt_outs import ENTRY, NOTHING, OptedOut
from services.router.senders import read
from services.router.usage import moment

CHANGELOG = topics.changelog_of("router", topics.ROUTER_IN)
WHAT_WAS_READ = f"read: the router's state, as far as committed, from {CHANGELOG}"


class Said(NamedTuple):
    """What a recipient has said: of which tenant and sender, None of any, and since when."""

    action: str
    tenant: str | None
    sender: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is known of one; `verdict` is what it means for an advertisement, if that was asked."""

    number: str
    said: list[Said]
    verdict: str | None

    def document(self) -> dict[str, Any]:
        """For scripts."""
        said = [one._asdict() for one in self.said]
        return {"recipient": self.number, "said": said, "promotional": self.verdict}


def all_kept(config: Config) -> dict[str, OptedOut]:
    """What is kept of every recipient. Raises BrokerError."""
    return kept(config.kafka, CHANGELOG, ENTRY, OptedOut)


def known_of(
    config: Config, known: Mapping[str, OptedOut], number: str, tenant: str | None, sender: str
) -> Recipient:
    """What is known of one recipient; with a tenant and a sender what that means for theirs.

    `sender` may be empty. Raises HeliographError for what is no number or tenant.
    """
    recipient = recipient_of(config, number, tenant)
    own = known.get(recipient, NOTHING)
    is_asked = tenant is not None and sender
    verdict = _verdict(config, own, tenant or "", sender) if is_asked else None
    return Recipient(recipient, _said(own), verdict)


def told(found: Recipient, tenant: str | None, sender: str) -> Iterator[str]:
    """The same in lines."""
    yield f"recipient {found.number}"
    for action, about_tenant, about_sender, at_ms in found.said:
        about = f"{_named('tenant', about_tenant)}, {_named('sender', about_sender)}"
        yield f"  {action}: {about}, since {moment(at_ms)}"
    if not found.said:
        yield "  has said nothing"
    if found.verdict is not None:
        yield f"  promotional of {tenant} from {sender}: {found.verdict}"


def rows_of(known: Mapping[str, OptedOut]) -> list[tuple[str, ...]]:
    """All of it, by number; in COLUMNS."""
    return [
        (f"+{number}", action, tenant or "", sender or "", moment(at_ms))
        for number, own in sorted(known.items())
        for action, tenant, sender, at_ms in _said(own)
    ]


def exported(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The same as lines of CSV."""
    yield ",".join(COLUMNS)
    yield from (_line(*row) for row in rows)


def _verdict(config: Config, own: OptedOut, tenant: str, sender: str) -> str:
    addr = read(sender).addr
    if opt_outs.forbids(_scopes(own.scopes), tenant, addr):
        return "refused, opted_out"
    if consents.allow(_scopes(own.consents), tenant, addr):
        return "passes, it was asked for"
    if config.tenants[tenant].requires_consent:
        return "refused, no_consent"
    return "passes"


def _said(own: OptedOut) -> list[Said]:
    """What holds, in an order in which it can be said again: what is about more ends no other."""
    said = [Said("out", *row) for row in own.scopes] + [Said("in", *row) for row in own.consents]
    return sorted(said, key=lambda one: (-one[1:3].count(None), one.at_ms))


def _scopes(rows: tuple[tuple[str | None, str | None, int], ...]) -> Iterator[opt_outs.Scope]:
    return (opt_outs.Scope(tenant, sender) for tenant, sender, _ in rows)


def _named(what: str, name: str | None) -> str:
    return f"any {what}" if name is None else f"{what} {name}"


def _line(*cells: str) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
