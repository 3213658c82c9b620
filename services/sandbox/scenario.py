"""How a sandbox behaves, as data: a YAML file, checked whole, changeable while running.

Everything has a default that does no harm: an empty scenario is an SMSC that answers at once,
accepts all and reports all delivered. Shares are of 1; every choice by share is thrown with the
sandbox's seeded dice. `base` names scenarios that it is composed from: later ones win key by key,
lists are taken whole, and its own keys come last.
"""

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.config import Section, sentences
from pipeline.errors import ConfigError
from services.sandbox.answers import Limits, Responses
from services.sandbox.reports import MessageIds, Outcome, Receipts, Retries
from services.sandbox.scripts import Script, Unprompted
from services.sandbox.troubles import Fault, Maintenance

BUILT_IN = files("services.sandbox").joinpath("scenarios")

Raw = dict[str, Any]
Read = Callable[[str], str]  # the text of a scenario, by its name


class Scenario(Section):
    """All of a behaviour."""

    name: str = ""
    responses: Responses = Responses()
    limits: Limits = Limits()
    message_ids: MessageIds = MessageIds()
    receipts: Receipts = Receipts()
    outcomes: tuple[Outcome, ...] = ()
    """The first row that fits the destination decides; DELIVERED where none does."""
    subscribers: tuple[Script, ...] = ()
    """Who answers what; the first row that fits."""
    unprompted: tuple[Unprompted, ...] = ()
    retries: Retries = Retries()
    faults: tuple[Fault, ...] = ()
    """The first row whose turn it is spoils the answer."""
    maintenance: tuple[Maintenance, ...] = ()


def find(name_or_path: str) -> Scenario:
    """A built-in scenario by name, or one from a file; raises ConfigError with every fault."""
    return _made(_read(name_or_path), Path(name_or_path).stem, _read)


def names() -> list[str]:
    """The built-in scenarios."""
    return sorted(
        file.name.removesuffix(".yaml")
        for file in BUILT_IN.iterdir()
        if file.name.endswith(".yaml")
    )


def parse(text: str, name: str) -> Scenario:
    """A scenario from YAML or JSON; raises ConfigError with every fault.

    It stands on built-in ones only: the text may be a stranger's, who is shown no file of ours.
    """
    return _made(text, name, _read_built_in)


def _made(text: str, name: str, read: Read) -> Scenario:
    place = f"scenario {name}" if name else "scenario"
    raw = _composed(_mapping(text, place), place, (name,), read)
    try:
        return Scenario.model_validate({"name": name} | raw)
    except ValidationError as error:
        raise ConfigError([f"{place}: {fault}" for fault in sentences(error)]) from error


def _read(name_or_path: str) -> str:
    if name_or_path in names():
        return _read_built_in(name_or_path)
    path = Path(name_or_path)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(names())
        raise ConfigError(
            [f"scenario {path}: {error.strerror}, and no built-in one: {known}"]
        ) from error


def _read_built_in(name: str) -> str:
    known = names()
    if name not in known:
        raise ConfigError([f"scenario {name}: no built-in one: {', '.join(known)}"])
    return BUILT_IN.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def _mapping(text: str, place: str) -> Raw:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError([f"{place}: is not YAML: {error}"]) from error
    if not isinstance(raw, dict | None):
        raise ConfigError([f"{place}: must be a mapping, not a {type(raw).__name__}"])
    return raw or {}


def _composed(raw: Raw, place: str, seen: tuple[str, ...], read: Read) -> Raw:
    """`raw` on top of its bases, which may have bases of their own."""
    own = dict(raw)
    bases = own.pop("base", ())
    if isinstance(bases, str):
        bases = (bases,)
    if not isinstance(bases, list | tuple) or not all(isinstance(base, str) for base in bases):
        raise ConfigError([f"{place}: base: must be a name, a path, or a list of them"])
    found: Raw = {}
    for base in bases:
        if base in seen:
            raise ConfigError([f"{place}: base: {' -> '.join((*seen, base))} goes in a circle"])
        under = _mapping(read(base), f"scenario {base}")
        found = _merged(found, _composed(under, f"scenario {base}", (*seen, base), read))
    return _merged(found, own)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Raw:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        is_both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(below, value) if is_both else value  # type: ignore[arg-type]
    return merged
