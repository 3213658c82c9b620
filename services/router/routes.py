"""The routes: which connectors may carry a message, by the longest prefix of its recipient.

    version: "2025-03-01"
    rules:
      - {name: sweden, prefix: "46", connectors: [fast, slow]}
      - {name: premium, prefix: "4690", reject: premium_number}
      - {name: rest, prefix: "", connectors: [slow]}

A pool's connectors stand in order of preference. The file is read whole or not at all: every fault
is reported with its line, so the YAML is walked as nodes, which know where they stand.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId, Msisdn

SETTINGS = frozenset({"version", "rules"})
RULE_SETTINGS = frozenset({"name", "prefix", "connectors", "reject"})
NAME_CHARACTERS_MAX = 64
UNREAD = "\0"
"""Stands for what could not be read, and has been reported; YAML itself can't hold it."""

_PREFIX = re.compile(r"([1-9][0-9]{0,14})?")
_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with recipients that start with `prefix`: a pool, or a reason to refuse."""

    name: str
    prefix: str
    connectors: tuple[ConnectorId, ...] = ()
    reject: str | None = None


class Routes:
    """All rules of one version."""

    def __init__(self, version: str, rules: Sequence[Rule]) -> None:
        self.version = version
        self.rules = tuple(rules)
        self._by_prefix = {rule.prefix: rule for rule in rules}
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def find(self, recipient: Msisdn) -> Rule | None:
        """The rule with the longest prefix of `recipient`, or None when no rule covers it."""
        for length in self._lengths:
            rule = self._by_prefix.get(recipient[:length])
            if rule is not None:
                return rule
        return None


def load_routes(path: Path, known: Collection[ConnectorId]) -> Routes:
    """Read `path`; raises ConfigError with every fault. `known`: the configured connectors."""
    try:
        document = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8; save it as such"]) from error
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: is not YAML: {_in_one_line(error)}"]) from error
    reader = _Reader(known)
    routes = reader.routes(document)
    if reader.faults:
        raise ConfigError([f"{path}{fault}" for fault in reader.faults])
    return routes


def _in_one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


@dataclass(slots=True)
class _Reader:
    """Reads nodes and collects faults; what it returns is of use only without any."""

    known: Collection[ConnectorId]
    faults: list[str] = field(default_factory=list)

    def routes(self, document: yaml.Node | None) -> Routes:
        if not isinstance(document, yaml.MappingNode):
            self.faults.append(": must be a mapping with version and rules")
            return Routes("", ())
        parts = self._settings(document, SETTINGS, "the file")
        version = self._text(parts.get("version"), document, "version", "the file")
        rules = parts.get("rules")
        if not isinstance(rules, yaml.SequenceNode) or not rules.value:
            self._fault(rules or document, "rules must be a list with at least one rule")
            return Routes(version, ())
        read = [(node, self._rule(node, number)) for number, node in enumerate(rules.value, 1)]
        self._must_differ(read, "name", lambda rule: rule.name)
        self._must_differ(read, "prefix", lambda rule: rule.prefix)
        return Routes(version, [rule for _, rule in read])

    def _rule(self, node: yaml.Node, number: int) -> Rule:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"rule {number}: must be a mapping with name, prefix and connectors")
            return Rule(name=UNREAD, prefix=UNREAD)
        where = f"rule {number}"
        named = next((_raw(value) for key, value in node.value if _raw(key) == "name"), None)
        if named:
            where = f"rule {named!r}"
        parts = self._settings(node, RULE_SETTINGS, where)
        name = self._text(parts.get("name"), node, "name", where)
        if len(name) > NAME_CHARACTERS_MAX:
            self._fault(node, f"{where}: name is longer than {NAME_CHARACTERS_MAX} characters")
        if ("connectors" in parts) == ("reject" in parts):
            self._fault(node, f"{where}: give either connectors or reject")
        return Rule(
            name=name,
            prefix=self._prefix(parts.get("prefix"), node, where),
            connectors=tuple(self._connectors(parts.get("connectors"), where)),
            reject=self._reason(parts.get("reject"), where),
        )

    def _settings(
        self, node: yaml.MappingNode, known: Collection[str], where: str
    ) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = _raw(key) or "?"
            if name not in known:
                self._fault(key, f"{where}: there is no setting {name!r}; look for a misspelling")
            elif name in found:
                self._fault(key, f"{where}: {name} is written twice; keep one")
            found[name] = value
        return found

    def _text(self, node: yaml.Node | None, parent: yaml.Node, name: str, where: str) -> str:
        text = _raw(node)
        if text:
            return text
        self._fault(node or parent, f"{where}: {name} must be a text")
        return UNREAD

    def _prefix(self, node: yaml.Node | None, parent: yaml.Node, where: str) -> str:
        text = _raw(node)
        if text is None:
            self._fault(node or parent, f'{where}: prefix is missing; write "" for all the rest')
            return UNREAD
        if _PREFIX.fullmatch(text):
            return text
        sentence = "must be digits in international form, without + or leading 0"
        self._fault(node or parent, f"{where}: prefix {text!r} {sentence}")
        return UNREAD

    def _connectors(self, node: yaml.Node | None, where: str) -> Iterator[ConnectorId]:
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._fault(node, f"{where}: connectors must be a list with at least one name")
            return
        seen: set[str] = set()
        for item in node.value:
            name = self._text(item, item, "a connector", where)
            if name == UNREAD:
                continue
            if name not in self.known:
                self._fault(item, f"{where}: there is no connector {name!r}")
            elif name in seen:
                self._fault(item, f"{where}: connector {name!r} stands twice; keep one")
            else:
                seen.add(name)
                yield ConnectorId(name)

    def _reason(self, node: yaml.Node | None, where: str) -> str | None:
        if node is None:
            return None
        text = _raw(node)
        if text is not None and _REASON.fullmatch(text):
            return text
        self._fault(node, f"{where}: reject must be a reason such as premium_number")
        return None

    def _must_differ(
        self, rules: Sequence[tuple[yaml.Node, Rule]], what: str, of: Callable[[Rule], str]
    ) -> None:
        first: dict[str, yaml.Node] = {}
        for node, rule in rules:
            value = of(rule)
            if value != UNREAD and first.setdefault(value, node) is not node:
                line = first[value].start_mark.line + 1
                sentence = f"rule {rule.name!r}: {what} {value!r} is that of line {line} already"
                self._fault(node, sentence)

    def _fault(self, node: yaml.Node, sentence: str) -> None:
        self.faults.append(f":{node.start_mark.line + 1}: {sentence}")


def _raw(node: yaml.Node | None) -> str | None:
    """A scalar as it is written, so that 46 without quotes stays a prefix; None for all else."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        return None
    return str(node.value)
