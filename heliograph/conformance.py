"""Judges an ESME: listens as an SMSC until it has seen enough, then tells what it saw."""

import asyncio
import json
import signal
from dataclasses import dataclass
from pathlib import Path

from heliograph.saying import aside, say
from pipeline.errors import ConfigError
from services.sandbox import scenario
from services.sandbox.examination.conformance import RULES, Tally, report
from services.sandbox.examination.examiner import Examiner


@dataclass(frozen=True, slots=True)
class Examination:
    """What the operator asked for; without `for_s` it lasts until a signal or the ESME unbinds."""

    host: str
    port: int
    accounts: tuple[str, ...]
    scenario: str
    for_s: float | None
    report: Path | None


def run(wanted: Examination) -> bool:
    """Examine, say the report; returns whether nothing was broken that an ESME must keep to.

    Raises ConfigError for an account or a scenario that is none.
    """
    return asyncio.run(_run(wanted))


async def _run(wanted: Examination) -> bool:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    examiner = Examiner(
        wanted.host, wanted.port, _accounts(wanted.accounts), scenario.find(wanted.scenario)
    )
    await examiner.start()
    try:
        where = f"An SMSC listens on {wanted.host}:{examiner.port}. Ctrl-C ends it."
        print(where, file=aside(), flush=True)
        await examiner.run(stopping, wanted.for_s)
    finally:
        await examiner.stop()
    written = {"rules": rows(examiner.tally), "skipped": examiner.skipped}
    say([report(examiner.tally, examiner.skipped)], written)
    if wanted.report is not None:
        wanted.report.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    return not examiner.tally.broken("must")


def rows(tally: Tally) -> list[dict[str, object]]:
    """Every rule with what became of it, for programs."""
    return [
        {
            "rule": name,
            **rule._asdict(),
            "judged": tally.counts[name].judged,
            "broken": tally.counts[name].broken,
            "first": tally.counts[name].told() if tally.counts[name].broken else None,
        }
        for name, rule in RULES.items()
    ]


def _accounts(written: tuple[str, ...]) -> dict[str, str]:
    """NAME:PASSWORD each; a password may hold colons."""
    faults = [f"--account {pair}: write NAME:PASSWORD" for pair in written if ":" not in pair]
    if faults:
        raise ConfigError(faults)
    return {name: password for name, _, password in (pair.partition(":") for pair in written)}
