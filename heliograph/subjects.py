"""The schemas as they are: against every release, and in the registry where there is one."""

from collections.abc import Iterator

from heliograph.diagnosis import FAIL, OK, WARN, Finding, several
from heliograph.releasing import faults, unreleased
from pipeline import released
from pipeline.config import Config
from pipeline.process import catalog, registry


def schemas_found() -> Iterator[Finding]:
    """What today's readers make of what any release has written."""
    every = released.releases()
    told = faults(every)
    for fault in told:
        yield Finding("schemas", FAIL, fault, "change it so that what is out can still be read")
    new = unreleased(every)
    if new:
        do = "run `heliograph schemas release` before it is out"
        yield Finding("schemas", WARN, f"in no release as they are: {several(new)}", do)
    if not (told or new):
        count = len({one.record for one in every})
        yield Finding("schemas", OK, f"{count} records can be read as any release has written them")


def subjects_found(config: Config) -> Iterator[Finding]:
    """The same, and what the registry has. Raises ConfigError when it does not answer."""
    yield from schemas_found()
    schemas = registry(config)
    if schemas is None:
        yield Finding("registry", OK, "none is configured")
        return
    lacking = schemas.lacking(catalog(config))
    if not lacking:
        yield Finding("registry", OK, "has every schema as it is")
    bad = [subject for subject, is_compatible in lacking.items() if not is_compatible]
    if new := [subject for subject in lacking if subject not in bad]:
        do = "run `heliograph schemas push`"
        yield Finding("registry", FAIL, f"does not have as they are: {several(new)}", do)
    if bad:
        do = "see what was registered there, and by whom; `schemas push` would be refused"
        yield Finding("registry", FAIL, f"has incompatible schemas of {several(bad)}", do)
