"""What the router knows of recipients: opt-outs and opt-ins, read from the changelog of its state.

Nobody but a router has its state, but whatever it has committed stands in the changelog, for ever;
what it has not read yet does not.
"""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO

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
Said = tuple[str, str | None, str | None, int]


def all_kept(config: Config) -> dict[str, OptedOut]:
    """What is kept of every recipient. Raises BrokerError."""
    return kept(config.kafka, CHANGELOG, ENTRY, OptedOut)


def told(
    config: Config, known: Mapping[str, OptedOut], number: str, tenant: str | None, sender: str
) -> Iterator[str]:
    """What is known of one recipient; with a tenant and a sender what that means for theirs.

    `sender` may be empty. Raises HeliographError for what is no number or tenant.
    """
    recipient = recipient_of(config, number, tenant)
    yield f"recipient {recipient}"
    own = known.get(recipient, NOTHING)
    for action, about_tenant, about_sender, at_ms in _said(own):
        about = f"{_named('tenant', about_tenant)}, {_named('sender', about_sender)}"
        yield f"  {action}: {about}, since {moment(at_ms)}"
    if own == NOTHING:
        yield "  has said nothing"
    if tenant is not None and sender:
        yield f"  promotional of {tenant} from {sender}: {_verdict(config, own, tenant, sender)}"


def exported(known: Mapping[str, OptedOut]) -> Iterator[str]:
    """All of it as lines of CSV, by number."""
    yield ",".join(COLUMNS)
    for number, own in sorted(known.items()):
        for action, tenant, sender, at_ms in _said(own):
            yield _line(f"+{number}", action, tenant or "", sender or "", moment(at_ms))


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
    outs: list[Said] = [("out", *row) for row in own.scopes]
    ins: list[Said] = [("in", *row) for row in own.consents]
    return sorted(outs + ins, key=lambda said: (-said[1:3].count(None), said[3]))


def _scopes(rows: tuple[tuple[str | None, str | None, int], ...]) -> Iterator[opt_outs.Scope]:
    return (opt_outs.Scope(tenant, sender) for tenant, sender, _ in rows)


def _named(what: str, name: str | None) -> str:
    return f"any {what}" if name is None else f"{what} {name}"


def _line(*cells: str) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
