"""Schemas that are released: today's against all that are out, and the next release."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline import compatibility, released
from pipeline.codec import KIND_BY_NAME, header_of, parsed, whole_schema
from pipeline.errors import HeliographError
from pipeline.released import Released


def faults(found: list[Released]) -> list[str]:
    """Why today's readers can't read records of some release, a sentence each."""
    told = [
        f"release {one.release}, {one.record}: is no record any more; keep it while any may be left"
        for one in found
        if one.record not in KIND_BY_NAME
    ]
    told += [
        f"release {one.release}, {fault}"
        for one in found
        if one.record in KIND_BY_NAME
        for fault in compatibility.faults(one.schema, whole_schema(one.record))
    ]
    return told


def unreleased(found: list[Released]) -> dict[str, dict[str, Any]]:
    """Today's schemas that no release has as they are, by record."""
    known = {(one.record, header_of(parsed(one.schema))) for one in found}
    schemas = {name: whole_schema(name) for name in sorted(KIND_BY_NAME)}
    return {n: s for n, s in schemas.items() if (n, header_of(parsed(s))) not in known}


def release(*, again: bool, folder: Path | None = None) -> str:
    """Freeze today's schemas as a release, `again` in place of the newest; what was done.

    Raises HeliographError when today's readers can't read what is out, and when nothing is new.
    """
    root = folder or Path(str(files("schemas").joinpath("topics.yaml"))).with_name("released")
    root.mkdir(exist_ok=True)
    found = released.releases(root)
    last = max((one.release for one in found), default=0)
    number = max(last, 1) if again else last + 1
    older = [one for one in found if one.release < number]
    if told := faults(older):
        raise HeliographError("\n".join(told))
    schemas = unreleased(older)
    if not schemas:
        raise HeliographError(f"nothing is another than in release {last}")
    released.write(root, number, schemas)
    return f"release {number}: {', '.join(schemas)}"
