"""The routes: rules that say which connectors may carry a message, and how; pure.

Of the rules that match, the one with the longest prefix of the recipient decides; of several, the
one that stands first. So a table of prefixes and an ordered list of exceptions are one thing.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.ids import ConnectorId, Msisdn
from services.router.networks import NOWHERE, Whereabouts
from services.router.prefixes import Prefixes
from services.router.retries import NEVER, Retry

CLASSES = ("otp", "transactional", "promotional", "billed")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 1440
STICKY = "sticky"
ANYONE = ("",)  # prefixes of everybody


class Query(NamedTuple):
    """What of a message a rule may ask for; `now_ms` is since 1970 UTC."""

    recipient: Msisdn
    now_ms: int = 0
    tenant: str = ""
    sender: str | None = None
    class_: str = ""
    lane: str = ""
    campaign: str | None = None
    text: str | None = None
    where: Whereabouts = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A part of the day and of the week, where the recipient is; past midnight where it ends before
    it begins. Minutes of the day, the last one not included; days from Monday, 0 to 6."""

    begin: int = 0
    end: int = MINUTES_PER_DAY
    days: frozenset[int] = frozenset(range(7))
    zone: ZoneInfo

    def holds(self, now_ms: int) -> bool:
        """Whether it is so now; after midnight the day before counts."""
        return _holds(self, now_ms // 60_000)

    def include(self, now_min: int) -> bool:
        """The same of a minute since 1970 UTC."""
        local = datetime.fromtimestamp(now_min * 60, self.zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.begin <= self.end:
            return self.begin <= minute < self.end and day in self.days
        if minute < self.end:
            return (day - 1) % 7 in self.days
        return minute >= self.begin and day in self.days


@lru_cache(maxsize=4096)  # a rule is asked thousands of times a minute
def _holds(hours: Hours, now_min: int) -> bool:
    return hours.include(now_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whom a rule is about; what is None is not asked. Patterns hold for the whole of a name."""

    tenants: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    lanes: frozenset[str] | None = None
    senders: tuple[str, ...] | None = None
    campaigns: tuple[str, ...] | None = None
    text: str | None = None
    hours: Hours | None = None
    countries: frozenset[str] | None = None
    networks: frozenset[str] | None = None

    def first_miss(self, query: Query) -> str | None:
        """The first thing that is not as asked, by its name in the file; None where all is."""
        for name, is_met in (
            ("tenant", self.tenants is None or query.tenant in self.tenants),
            ("class", self.classes is None or query.class_ in self.classes),
            ("lane", self.lanes is None or query.lane in self.lanes),
            ("sender", self.senders is None or _is_one_of(query.sender, self.senders)),
            ("campaign", self.campaigns is None or _is_one_of(query.campaign, self.campaigns)),
            ("hours", self.hours is None or self.hours.holds(query.now_ms)),
        ):
            if not is_met:
                return name
        if self.text is not None and not re.search(self.text, query.text or ""):
            return "text"
        # Both may have to be looked up, so they are asked last.
        if self.countries is not None and query.where.country not in self.countries:
            return "country"
        if self.networks is not None and query.where.network not in self.networks:
            return "network"
        return None


def _is_one_of(name: str | None, patterns: Sequence[str]) -> bool:
    return name is not None and any(_pattern(p).match(name) for p in patterns)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


class Way(NamedTuple):
    """A connector of a pool; `price` is for a segment, `prices` where it depends on the prefix."""

    connector: ConnectorId
    weight: int = 1
    price: Decimal | None = None
    prices: Prefixes[Decimal] | None = None

    @property
    def has_price(self) -> bool:
        """Whether there is a price for some number at least."""
        return self.price is not None or self.prices is not None

    def price_to(self, recipient: str) -> Decimal | None:
        """What a segment to this number costs, None where nobody says."""
        listed = None if self.prices is None else self.prices.longest(recipient)
        return self.price if listed is None else listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a rule makes of a message; None leaves it as it is."""

    senders: tuple[str, ...] | None = None
    """One of these for each recipient, always the same one."""
    sender_by: str = STICKY
    """How it is chosen: a key of `sender_pools.SENDER_BY`."""
    profile: str | None = None
    """What is not the SMSC's own goes by this one instead of the connector's."""
    class_: str | None = None
    validity_s: int | None = None
    """At most so long."""
    on_ambiguous: str | None = None


UNCHANGED = Changes()
EXPLORE_SHARE = 0.05
EVERYTHING = Match()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with messages that match: a pool of ways, or a reason to refuse."""

    name: str
    prefixes: tuple[str, ...] = ANYONE
    match: Match = EVERYTHING
    pool: tuple[Way, ...] = ()
    strategy: str = "priority"
    reject: str | None = None
    requires: tuple[str, ...] = ()
    """Items of `carrier_data` that a request must bring."""
    changes: Changes = UNCHANGED
    return_after_s: int | None = None
    """So long without a bind, and what is not begun takes another way; None: it waits."""
    explore_share: float = EXPLORE_SHARE
    """With strategy quality: of its messages, how many go elsewhere than to the best."""
    needs_network: bool = False
    """Refuse those whose network is not known."""
    retry: Retry = NEVER
    """Failures that are not the end."""


class Step(NamedTuple):
    """A rule that was looked at, and what of it did not fit; None is the one that decides."""

    rule: Rule
    prefix: str
    miss: str | None


class Known(NamedTuple):
    """What routes may name: connectors, profiles; networks, if anybody says whose a number is."""

    connectors: Collection[ConnectorId]
    networks: bool = True
    profiles: Collection[str] = ()


class Routes:
    """All rules of one version."""

    def __init__(
        self,
        version: str,
        rules: tuple[Rule, ...],
        currency: str | None = None,
    ) -> None:
        """`currency` is that of all prices."""
        self.version = version
        self.files: tuple[Path, ...] = ()
        """Those that were read beside a routes file."""
        self.currency = currency
        self.rules = rules
        self._by_prefix: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            for prefix in rule.prefixes:
                self._by_prefix[prefix].append(rule)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def find(self, query: Query) -> Rule | None:
        """The rule that decides, or None when none matches."""
        recipient = query.recipient
        for length in self._lengths:
            for rule in self._by_prefix.get(recipient[:length], ()):
                if rule.match is EVERYTHING or rule.match.first_miss(query) is None:
                    return rule
        return None

    def steps(self, query: Query) -> list[Step]:
        """All rules that `find` looks at, in its order, the one that decides last."""
        found = []
        for length in self._lengths:
            prefix = query.recipient[:length]
            for rule in self._by_prefix.get(prefix, ()):
                found.append(Step(rule, prefix, rule.match.first_miss(query)))
                if found[-1].miss is None:
                    return found
        return found
