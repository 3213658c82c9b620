"""Routes published to `sms.control.routes`: written, listed, shown."""

from collections.abc import Iterator
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

from heliograph.telling import tell
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import HeliographError, UnreadableError
from pipeline.kafka.clients import now_ms
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import RoutesVersion
from services.router.atlas import known
from services.router.nodes import text_in
from services.router.publications import (
    Draft,
    Rows,
    draft_of,
    publication,
    routes_of,
    shelved,
)
from services.router.routes import Routes

NOTHING = "no routes are published yet; heliograph routes publish FILE"


def publish(config: Config, what: Path | str, by: str | None) -> RoutesVersion:
    """Put a routes file in force, or a version that was published before, once Kafka has it.

    `by` is who does, whoever is logged in when None. Raises ConfigError with every fault.
    """
    rows = versions(config)
    draft = draft_in(what) if isinstance(what, Path) else draft_of(_named(rows, what))
    who = by or _logged_in()
    row = publication(draft, known(config), rows, by=who, at_ms=now_ms())
    tell(config, topics.CONTROL_ROUTES, [(row.version, row)])
    return row


def draft_in(path: Path) -> Draft:
    """A routes file, and what lies beside it; raises ConfigError."""

    def beside(name: str) -> str:
        return (path.parent / name).read_text(encoding="utf-8")

    return Draft(str(path), text_in(path), beside)


def history(rows: Rows) -> Iterator[str]:
    """A line for each version, in the order they were published, and what was another in it."""
    for row in rows:
        at = datetime.fromtimestamp(row.at_ms / 1000, UTC)
        yield f"{row.version}, {at:%Y-%m-%d %H:%M:%S} UTC, by {row.by}" + (
            ", in force" if row is rows[-1] else ""
        )
        yield from (f"  {change}" for change in row.changes)
    if not rows:
        yield NOTHING


def documents(rows: Rows) -> list[dict[str, Any]]:
    """The same for scripts."""
    return [
        {
            "version": row.version,
            "at_ms": row.at_ms,
            "by": row.by,
            "changes": row.changes,
            "in_force": row is rows[-1],
        }
        for row in rows
    ]


def shown(config: Config, version: str | None) -> RoutesVersion:
    """A version, the one in force without a name. Raises HeliographError."""
    rows = versions(config)
    return rows[-1] if rows and version is None else _named(rows, version or "")


def in_force(config: Config) -> Routes:
    """The routes published last. Raises ConfigError, and HeliographError without any."""
    rows = versions(config)
    if not rows:
        raise HeliographError(NOTHING)
    return routes_of(rows[-1], known(config))


def versions(config: Config) -> Rows:
    """All versions, in the order they were published; those that can't be read are left out."""
    codec, rows = make_codec(config), Rows()
    for message in read_to_end(config.kafka, [topics.CONTROL_ROUTES]):
        version, octets = (message.key() or b"").decode(), message.value()
        try:
            row = codec.decode(octets, RoutesVersion) if octets else None
        except UnreadableError:
            continue
        rows = shelved(rows, version, row)
    return rows


def _named(rows: Rows, version: str) -> RoutesVersion:
    found = [row for row in rows if row.version == version]
    if not found:
        there = ", ".join(row.version for row in rows) or "none"
        raise HeliographError(f"no version {version!r} is published; there are: {there}")
    return found[0]


def _logged_in() -> str:
    try:
        return getuser()
    except (ImportError, KeyError, OSError) as error:
        raise HeliographError("nobody is logged in here; say who publishes with --by") from error
