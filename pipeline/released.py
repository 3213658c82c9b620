"""The schemas that are out: `schemas/released/<n>/<Record>.avsc`, each as whole as it was written.

A single object names its writer's schema by a fingerprint only. Records lie in topics for weeks, so
a reader without a registry must know every schema that was ever released. A release holds the
schemas that are other ones than in the releases before it.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

SUFFIX = ".avsc"


class Released(NamedTuple):
    """A schema, and the release it came with."""

    release: int
    record: str
    schema: dict[str, Any]


def releases(folder: Traversable | None = None) -> list[Released]:
    """All there are, the oldest first; of the package, unless a folder is given."""
    root = folder or files("schemas").joinpath("released")
    numbered = {int(one.name): one for one in root.iterdir() if one.name.isdecimal()}
    return [found for number in sorted(numbered) for found in _in(numbered[number], number)]


def newest(found: list[Released]) -> dict[str, dict[str, Any]]:
    """Of each record the schema released last."""
    return {one.record: one.schema for one in found}


def write(folder: Path, release: int, schemas: dict[str, dict[str, Any]]) -> None:
    """Make a release of these, in place of one that has its number."""
    own = folder / str(release)
    own.mkdir(parents=True, exist_ok=True)
    for old in own.glob(f"*{SUFFIX}"):
        old.unlink()
    for record, schema in schemas.items():
        text = json.dumps(schema, indent=2) + "\n"
        own.joinpath(f"{record}{SUFFIX}").write_text(text, encoding="utf-8")


def _in(folder: Traversable, release: int) -> Iterator[Released]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(SUFFIX):
            schema = json.loads(entry.read_text(encoding="utf-8"))
            yield Released(release, entry.name.removesuffix(SUFFIX), schema)
