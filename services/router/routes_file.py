"""The routes as a file; the router's page says what can be written. It is read whole or not at all.

version: "2026-11-30"
rules:
  - {name: codes, prefix: "46", match: {class: otp}, connectors: [fast, slow]}
  - {name: sweden, prefix: "46", strategy: weighted, connectors: [{name: fast, weight: 3}, slow]}
  - {name: premium, prefix: "4690", reject: premium_number}
  - {name: rest, prefix: "", connectors: [slow], set: {validity_s: 3600}}
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from pipeline.countries import is_country
from pipeline.errors import ConfigError
from services.router.changes_file import VALIDITY_MAX_S, changes_of
from services.router.networks import code_of
from services.router.nodes import Reader, composed, raw, text_in, whole
from services.router.pools_file import PoolReader
from services.router.retries_file import RETRY, retry_of
from services.router.routes import (
    CLASSES,
    DAYS,
    EVERYTHING,
    MINUTES_PER_DAY,
    UNCHANGED,
    Hours,
    Known,
    Match,
    Routes,
    Rule,
    Way,
)
from services.router.strategies import BY_WEIGHT, STRATEGIES

SETTINGS = ("version", "currency", "rules")
RULE = (
    "name",
    "prefix",
    "prefixes_file",
    "match",
    "connectors",
    "strategy",
    "explore_share",
    "return_after_s",
    "needs_network",
    *RETRY,
    "reject",
    "requires",
    "set",
)
MATCH = (
    *("tenant", "class", "lane", "sender", "campaign", "text", "hours", "days", "zone"),
    *("country", "network"),
)
LANES = ("priority", "normal", "bulk")
NO_NETWORKS = "asks for the network; name a file under `networks` in heliograph.yaml"
NAME_CHARACTERS_MAX = 64

_PREFIX = re.compile(r"([1-9][0-9]{0,14})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
_seconds = whole(1, VALIDITY_MAX_S)
_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)")


def load_routes(path: Path, known: Known) -> Routes:
    """Read `path`; raises ConfigError with every fault. `known` is what it may name."""
    files: set[Path] = set()

    def beside(name: str) -> str:
        files.add(path.parent / name)
        return (path.parent / name).read_text(encoding="utf-8")

    routes = read_routes(str(path), text_in(path), beside, known)
    routes.files = tuple(sorted(files))
    return routes


def read_routes(place: str, text: str, beside: Callable[[str], str], known: Known) -> Routes:
    """The same of a text that stands at `place`; `beside` reads the files it names."""
    reader = RoutesReader(beside, known)
    routes = reader.routes(composed(place, text))
    if reader.faults:
        raise ConfigError([f"{place}{fault}" for fault in reader.faults])
    return routes


class RoutesReader(Reader):
    """Reads the nodes of one file."""

    def __init__(self, beside: Callable[[str], str], known: Known) -> None:
        """`beside` reads a file by its name, `known` is what may be named."""
        super().__init__()
        self._beside = beside
        self._known = known
        self._pools = PoolReader(self, beside, known.connectors)

    def routes(self, document: yaml.Node | None) -> Routes:
        """All of it."""
        if not isinstance(document, yaml.MappingNode):
            self.fault(document, "must be a mapping with version and rules")
            return Routes("", ())
        parts = self.settings(document, SETTINGS, "the file")
        version = self._needed(parts, "version", document, "the file")
        rules = parts.get("rules")
        if not isinstance(rules, yaml.SequenceNode) or not rules.value:
            self.fault(rules or document, "rules must be a list with at least one rule")
            return Routes(version, ())
        read = [(node, self._rule(node, number)) for number, node in enumerate(rules.value, 1)]
        self._must_differ(read)
        currency = None
        if "currency" in parts:
            currency = self.checked(parts["currency"], "currency", "a code such as EUR", _currency)
        return Routes(version, tuple(rule for _, rule in read), currency)

    def _rule(self, node: yaml.Node, number: int) -> Rule:
        name = _name_in(node)
        where = f"rule {name!r}" if name else f"rule {number}"
        parts = self.settings(node, RULE, where)
        if not isinstance(node, yaml.MappingNode):
            return Rule(name="")
        name = self._needed(parts, "name", node, where)
        if len(name) > NAME_CHARACTERS_MAX:
            self.fault(node, f"{where}: name is longer than {NAME_CHARACTERS_MAX} characters")
        if ("connectors" in parts) == ("reject" in parts):
            self.fault(node, f"{where}: give either connectors or reject")
        pool = tuple(self._pools.ways(parts["connectors"], where)) if "connectors" in parts else ()
        strategy = self.choice(parts, "strategy", tuple(STRATEGIES), where) or "priority"
        if strategy in BY_WEIGHT and pool and not any(way.weight for way in pool):
            self.fault(parts["connectors"], f"{where}: {strategy} needs a weight above 0")
        if strategy == "cheapest" and not all(way.has_price for way in pool):
            self.fault(parts["strategy"], f"{where}: cheapest needs a price of each connector")
        return Rule(
            name=name,
            prefixes=tuple(self._prefixes(parts, node, where)),
            match=self._match(parts["match"], where) if "match" in parts else EVERYTHING,
            pool=pool,
            strategy=strategy,
            reject=self._reason(parts, where),
            requires=self._requires(parts, where),
            changes=changes_of(self, parts["set"], self._known.profiles, where)
            if "set" in parts
            else UNCHANGED,
            return_after_s=self._return_after_s(parts, pool, where),
            explore_share=self._pools.explore_share(parts, strategy, where),
            needs_network=self._needs_network(parts, where),
            retry=retry_of(self, parts, strategy, pool, where),
        )

    # --- whom a rule is about -------------------------------------------------------------------

    def _prefixes(
        self, parts: Mapping[str, yaml.Node], node: yaml.Node, where: str
    ) -> Iterator[str]:
        if "prefix" not in parts and "prefixes_file" not in parts:
            self.fault(node, f'{where}: prefix is missing; write "" for all the rest')
        if "prefix" in parts:
            for item in self.items(parts["prefix"], f"{where}: prefix"):
                if (prefix := self._prefix(item, where)) is not None:
                    yield prefix
        if "prefixes_file" in parts:
            yield from self._prefixes_in(parts["prefixes_file"], where)

    def _prefix(self, node: yaml.Node, where: str) -> str | None:
        text = raw(node)
        if text is None:
            self.fault(node, f'{where}: prefix is missing; write "" for all the rest')
        elif _PREFIX.fullmatch(text) is None:
            sentence = "must be digits in international form, without + or leading 0"
            self.fault(node, f"{where}: prefix {text!r} {sentence}")
        else:
            return text
        return None

    def _prefixes_in(self, node: yaml.Node, where: str) -> Iterator[str]:
        name = self.text(node, f"{where}: prefixes_file")
        try:
            lines = self._beside(name).splitlines()
        except UnicodeDecodeError:
            self.fault(node, f"{where}: {name} is not UTF-8; save it as such")
            return
        except OSError as error:
            self.fault(node, f"{where}: {name} can't be read: {error.strerror}")
            return
        except ValueError:
            self.fault(node, f"{where}: {name!r} can't be the name of a file")
            return
        for number, line in enumerate(lines, 1):
            prefix = line.partition("#")[0].strip()
            if prefix and _PREFIX.fullmatch(prefix) is None:
                self.fault(node, f"{where}: {name}, line {number}: {prefix!r} is no prefix")
            elif prefix:
                yield prefix

    def _needs_network(self, parts: Mapping[str, yaml.Node], where: str) -> bool:
        is_so = self.choice(parts, "needs_network", ("true", "false"), where) == "true"
        if is_so and not self._known.networks:
            self.fault(parts["needs_network"], f"{where}: {NO_NETWORKS}")
        return is_so

    def _match(self, node: yaml.Node, where: str) -> Match:
        where = f"{where}: match"
        parts = self.settings(node, MATCH, where)
        if "network" in parts and not self._known.networks:
            self.fault(parts["network"], f"{where}: {NO_NETWORKS}")
        return Match(
            tenants=self._set(parts, "tenant", None, where),
            classes=self._set(parts, "class", CLASSES, where),
            lanes=self._set(parts, "lane", LANES, where),
            senders=self._patterns(parts, "sender", where),
            campaigns=self._patterns(parts, "campaign", where),
            text=self._regex(parts, where),
            hours=self._hours(parts, node, where),
            countries=self.checked_set(parts, "country", where, "such as SE", _country),
            networks=self.checked_set(parts, "network", where, "such as 24001 or 240-01", code_of),
        )

    def _set(
        self, parts: Mapping[str, yaml.Node], name: str, known: tuple[str, ...] | None, where: str
    ) -> frozenset[str] | None:
        if name not in parts:
            return None
        found = []
        for item in self.items(parts[name], f"{where}: {name}"):
            text = self.text(item, f"{where}: {name}")
            if text and known is not None and text not in known:
                self.fault(item, f"{where}: {name} {text!r} is none of {', '.join(known)}")
            found.append(text)
        return frozenset(found)

    def _patterns(
        self, parts: Mapping[str, yaml.Node], name: str, where: str
    ) -> tuple[str, ...] | None:
        if name not in parts:
            return None
        items = self.items(parts[name], f"{where}: {name}")
        return tuple(self.text(item, f"{where}: {name}") for item in items)

    def _regex(self, parts: Mapping[str, yaml.Node], where: str) -> str | None:
        if "text" not in parts:
            return None
        pattern = self.text(parts["text"], f"{where}: text")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            self.fault(parts["text"], f"{where}: text is no regular expression: {error}")
        return pattern

    def _hours(self, parts: Mapping[str, yaml.Node], node: yaml.Node, where: str) -> Hours | None:
        if "hours" not in parts and "days" not in parts:
            if "zone" in parts:
                self.fault(parts["zone"], f"{where}: zone is of no use without hours or days")
            return None
        if "zone" not in parts:
            self.fault(node, f"{where}: hours and days need a zone, such as Europe/Stockholm")
            return None
        name = self.text(parts["zone"], f"{where}: zone")
        try:
            zone = ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.fault(parts["zone"], f"{where}: there is no time zone {name!r}")
            return None
        days = self._set(parts, "days", DAYS, where)
        begin, end = self._span(parts["hours"], where) if "hours" in parts else (0, MINUTES_PER_DAY)
        numbers = range(7) if days is None else map(DAYS.index, days & set(DAYS))
        return Hours(begin=begin, end=end, days=frozenset(numbers), zone=zone)

    def _span(self, node: yaml.Node, where: str) -> tuple[int, int]:
        found = _HOURS.fullmatch(raw(node) or "")
        if found is None:
            self.fault(node, f'{where}: hours must look like "08:00-20:30"')
            return 0, MINUTES_PER_DAY
        begin_h, begin_min, end_h, end_min = map(int, found.groups())
        begin, end = begin_h * 60 + begin_min, end_h * 60 + end_min
        if begin == end or max(begin, end) > MINUTES_PER_DAY:
            self.fault(node, f"{where}: hours {found[0]!r} are no part of a day")
        return begin, end

    # --- what is done ---------------------------------------------------------------------------

    def _return_after_s(
        self, parts: Mapping[str, yaml.Node], pool: tuple[Way, ...], where: str
    ) -> int | None:
        if "return_after_s" not in parts:
            return None
        node, wanted = parts["return_after_s"], f"seconds, 1 to {VALIDITY_MAX_S},"
        if len(pool) == 1:
            self.fault(node, f"{where}: return_after_s needs another connector to go to")
        return self.checked(node, f"{where}: return_after_s", wanted, _seconds)

    def _reason(self, parts: Mapping[str, yaml.Node], where: str) -> str | None:
        if "reject" not in parts:
            return None
        text = raw(parts["reject"])
        if text is None or _REASON.fullmatch(text) is None:
            self.fault(parts["reject"], f"{where}: reject must be a reason such as premium_number")
        return text

    def _requires(self, parts: Mapping[str, yaml.Node], where: str) -> tuple[str, ...]:
        if "requires" not in parts:
            return ()
        if "reject" in parts:
            self.fault(parts["requires"], f"{where}: requires is of no use where all is rejected")
        found = []
        for item in self.items(parts["requires"], f"{where}: requires"):
            name = self.text(item, f"{where}: requires")
            if name in found:
                self.fault(item, f"{where}: requires {name!r} stands twice; keep one")
            found.append(name)
        return tuple(found)

    # --- parts ----------------------------------------------------------------------------------

    def _needed(
        self, parts: Mapping[str, yaml.Node], name: str, parent: yaml.Node, where: str
    ) -> str:
        if name in parts:
            return self.text(parts[name], f"{where}: {name}")
        self.fault(parent, f"{where}: {name} must be a text")
        return ""

    def _must_differ(self, rules: list[tuple[yaml.Node, Rule]]) -> None:
        """Names tell rules apart; a prefix with the same match twice can never be reached."""
        names: dict[str, yaml.Node] = {}
        reached: dict[tuple[str, Match], yaml.Node] = {}
        for node, rule in rules:
            if rule.name and names.setdefault(rule.name, node) is not node:
                line = names[rule.name].start_mark.line + 1
                self.fault(
                    node, f"rule {rule.name!r}: name {rule.name!r} is that of line {line} already"
                )
            for prefix in rule.prefixes:
                first = reached.setdefault((prefix, rule.match), node)
                if first is not node:
                    line = first.start_mark.line + 1
                    sentence = f"prefix {prefix!r} is that of line {line} already"
                    self.fault(node, f"rule {rule.name!r}: {sentence}")


def _name_in(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((raw(value) for key, value in node.value if raw(key) == "name"), None)


def _country(text: str) -> str:
    if not is_country(text):
        raise ValueError
    return text


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise ValueError
    return text
