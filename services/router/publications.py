"""Routes as records of `sms.control.routes`: a file and those it refers to, whole; pure.

Versions have names, and the newest record of a name counts. The one published last is in force, so
going back is publishing an older one again.
"""

import errno
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline import topics
from pipeline.errors import ConfigError
from pipeline.records import RoutesVersion
from services.router.differences import differences
from services.router.routes import Known, Routes
from services.router.routes_file import read_routes

OCTETS_MAX = 8 * 1024 * 1024
ABSENT = "it was not published with the routes"

Rows = tuple[RoutesVersion, ...]


def shelved(rows: Rows, version: str, row: RoutesVersion | None) -> Rows:
    """`rows`, in the order they were published, after a record of the topic; None deletes."""
    others = tuple(other for other in rows if other.version != version)
    return others if row is None else (*others, row)


class Draft(NamedTuple):
    """Routes as text: where it stands, and what reads the files it refers to, by name."""

    place: str
    text: str
    beside: Callable[[str], str]


def draft_of(row: RoutesVersion) -> Draft:
    """A version that is published."""

    def beside(name: str) -> str:
        if name not in row.files:
            raise FileNotFoundError(errno.ENOENT, ABSENT)
        return row.files[name]

    return Draft(f"{topics.CONTROL_ROUTES} {row.version}", row.text, beside)


def routes_of(row: RoutesVersion, known: Known) -> Routes:
    """The routes of a version; raises ConfigError with every fault."""
    return read_routes(*draft_of(row), known)


def newest_whole(rows: Sequence[RoutesVersion], known: Known) -> tuple[Routes | None, list[str]]:
    """The routes published last without a fault, if any are; and the faults of those after them."""
    faults: list[str] = []
    for row in reversed(rows):
        try:
            return routes_of(row, known), faults
        except ConfigError as error:
            faults += error.faults
    return None, faults


def publication(
    draft: Draft,
    known: Known,
    rows: Sequence[RoutesVersion],
    *,
    by: str,
    at_ms: int,
) -> RoutesVersion:
    """What is to be published of a draft, after `rows`.

    Raises ConfigError with every fault, and for another content under a name that is taken.
    """
    place, text, beside = draft
    files: dict[str, str] = {}

    def kept(name: str) -> str:
        files[name] = beside(name)
        return files[name]

    routes = read_routes(place, text, kept, known)
    octets = sum(len(part.encode()) for part in (text, *files.values()))
    if octets > OCTETS_MAX:
        size = f"{octets:,} octets with its files and may have {OCTETS_MAX:,}"
        raise ConfigError([f"{place}: has {size}; say more with fewer prefixes"])
    for row in rows:
        if row.version == routes.version and (row.text, row.files) != (text, files):
            taken = f"version {row.version} is published with other content"
            raise ConfigError([f"{place}: {taken}; write another version"])
    before, _ = newest_whole(rows, known)
    return RoutesVersion(
        version=routes.version,
        text=text,
        files=files,
        changes=tuple(differences(before or Routes("", ()), routes)),
        by=by,
        at_ms=at_ms,
    )
