"""`heliograph report`: what went to the carriers within a time, from `sms.mt.event`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from heliograph import billing, reconciling, reporting
from heliograph.options import ConfigOption, config_at
from heliograph.reconciling import Claim
from heliograph.reporting import CLOCKS_MS, Fold, Row, Window
from heliograph.saying import say
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId

CLAIMS, BILLS = "reconciliation", "billing"
WORDS = frozenset({"connector", "country", "currency", "day"})  # of columns; others are numbers


def report(
    begin: Annotated[str, typer.Option("--from", help="Since when: 2026-11-01, or with a time.")],
    end: Annotated[str | None, typer.Option("--to", help="Until when; until now.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it with plots, too.")] = None,
    ledger: Annotated[
        list[str] | None, typer.Option(help="A sandbox's ledger, as of verify: compare with it.")
    ] = None,
    invoice: Annotated[
        list[str] | None, typer.Option(help="NAME=FILE: what connector NAME was billed, as CSV.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """What went to the carriers: delivery, receipts, cost, invoices; times without a zone are UTC.

    Ends with 1 when a ledger has a segment that we have not, or the other way round; when an
    invoice has more or fewer than were accepted or in doubt, or days that are not wholly in that
    time; and when Kafka may have deleted some of it.

    \b
    heliograph report --from 2026-11-01 --to 2026-12-01 --html november.html
    heliograph report --from 2026-11-01 --invoice slow=invoice.csv
    """
    from heliograph.reported_html import page

    loaded = config_at(config)
    window = window_of(begin, end)
    fold, zones = folded(loaded, window), zones_of(loaded)
    faults = list(deleted(loaded, window))
    tables = reporting.tables(fold, zones)
    found = {name: (reporting.COLUMNS[name], rows) for name, rows in tables.items()}
    is_equal = True
    if ledger:
        compared = _reconciled(loaded, fold, zones, ledger)
        found[CLAIMS] = (reconciling.COLUMNS, compared.rows)
        is_equal = compared.is_equal
    if invoice:
        rows = list[Row]()
        for name, billed in _bills(loaded, invoice):
            rows += billing.compare(name, billed, tables["invoice"], zones[name], window)
            if fault := billing.beyond(billed, zones[name], window):
                faults.append(f"invoice of {name}: {fault}")
        found[BILLS] = (billing.COLUMNS, rows)
        is_equal = is_equal and not any(row[-1] for row in rows)
    documents = {
        name: [dict(zip(columns, row, strict=True)) for row in rows]
        for name, (columns, rows) in found.items()
    }
    say(lines(found), {"tables": documents, "faults": faults, "equal": is_equal})
    if html is not None:
        html.write_text(page(fold, found), encoding="utf-8")
    for fault in faults:
        typer.echo(f"heliograph: {fault}", err=True)
    if faults or not is_equal:
        raise typer.Exit(1)


def window_of(begin: str, end: str | None) -> Window:
    """The time that is written; raises HeliographError."""
    from pipeline.kafka.clients import now_ms

    window = Window(_moment("--from", begin), now_ms() if end is None else _moment("--to", end))
    if window.begin_ms >= window.end_ms:
        raise HeliographError("--to is not later than --from; exchange or correct them")
    return window


def _moment(option: str, written: str) -> int:
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise HeliographError(
            f"{option} {written}: no time; write 2026-11-01 or 2026-11-01T08:00:00+01:00"
        ) from error
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def zones_of(config: Config) -> dict[str, ZoneInfo]:
    """Whose days each connector's carrier bills by."""
    return {name: config.profile(ConnectorId(name)).zone for name in config.connectors}


def folded(config: Config, window: Window) -> Fold:
    """All that the topic has of a window, and the ways that were chosen before; BrokerError."""
    from pipeline import topics
    from pipeline.codec import Codec
    from pipeline.kafka.reader import offsets_at, read_to_end
    from pipeline.process import make_codec
    from pipeline.records import MtEvent

    fold = Fold(window)
    codec: Codec = make_codec(config)
    starts = offsets_at(config.kafka, topics.MT_EVENT, window.begin_ms - CLOCKS_MS)
    for message in read_to_end(config.kafka, [topics.MT_EVENT], starts=starts):
        fold.note(codec.decode(message.value(), MtEvent))
    if (since_ms := fold.lacks_routed_since()) is not None:
        earlier = offsets_at(config.kafka, topics.MT_EVENT, since_ms - CLOCKS_MS)
        for message in read_to_end(config.kafka, [topics.MT_EVENT], starts=earlier, ends=starts):
            fold.note_earlier(codec.decode(message.value(), MtEvent))
    return fold


def deleted(config: Config, window: Window) -> Iterator[str]:
    """A sentence where the topic has no longer all of a window; BrokerError."""
    from pipeline import topics
    from pipeline.kafka.retention import deleted_since

    partitions = deleted_since(config.kafka, topics.MT_EVENT, window.begin_ms)
    if partitions:
        yield (
            f"{topics.MT_EVENT}, partitions {', '.join(map(str, partitions))}: what was appended "
            "first after --from is deleted, so more may have been written than is told; write a "
            "later --from, or ask a database that has kept it (infra/analytics)"
        )


def _reconciled(
    config: Config, fold: Fold, zones: Mapping[str, ZoneInfo], written: Sequence[str]
) -> reconciling.Reconciliation:
    """The ledgers against what was noted; connectors of test tenants are in neither."""
    from heliograph.ledgers import ledgers

    found = ledgers(written, config)
    billed = {name for name, own in config.connectors.items() if not own.sandbox}
    connectors = billed & {name for ledger in found for name in ledger.connectors}
    claims = (
        claim
        for ledger in found
        for row in ledger.entries()
        if row["journal"] == "segments" and row["command_status"] == 0
        if (claim := _claim(config, row, [n for n in ledger.connectors if n in billed]))
    )
    return reconciling.reconcile(fold, claims, zones, connectors)


def _bills(config: Config, written: Sequence[str]) -> Iterator[tuple[str, dict[date, int]]]:
    """Connectors with what they were billed, by days."""
    for one in written:
        name, _, file = one.partition("=")
        if name not in config.connectors or not file:
            names = ", ".join(config.connectors)
            raise HeliographError(f"--invoice {one}: write NAME=FILE, with NAME one of {names}")
        yield name, billing.billed_in(Path(file))


def _claim(config: Config, row: Mapping[str, object], names: Sequence[str]) -> Claim | None:
    """An entry of a ledger; None on an account that is nobody's."""
    own = (str(row["message_id"]), int(str(row["segment"]))) if row["message_id"] else None
    at = tuple(n for n in names if config.connectors[n].system_id == row["account"])
    return Claim(at, str(row["smsc_message_id"]), float(str(row["read_ms"])), own) if at else None


def lines(found: Mapping[str, tuple[Sequence[str], Sequence[Row]]]) -> Iterator[str]:
    """The tables as text: words to the left, numbers to the right."""
    for name, (columns, rows) in found.items():
        cells = [tuple(columns), *(tuple(_cell(cell) for cell in row) for row in rows)]
        widths = [max(len(row[n]) for row in cells) for n in range(len(columns))]
        is_word = [column in WORDS for column in columns]
        yield f"{name}: nothing" if not rows else name
        for row in cells if rows else ():
            shown = zip(row, widths, is_word, strict=True)
            yield (
                "  "
                + "  ".join(c.ljust(w) if left else c.rjust(w) for c, w, left in shown).rstrip()
            )


def _cell(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell or "-"
