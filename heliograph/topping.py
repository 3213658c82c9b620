"""A snapshot of telemetry as a terminal shows it, for any width from NARROW on."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from heliograph.saying import plain
from services.telemetry.snapshot import Connector, Rates, Snapshot

NARROW = 80
GAP = 2  # between columns
BLOCKS = "▁▂▃▄▅▆▇█"
FAILURES = 5
GOOD, BAD, DIM = "green", "bold red", "dim"
UNKNOWN = "-"
Cell = tuple[str, Callable[[Connector], Text | str]]  # its title, what stands in it


def screen(seen: Snapshot, width: int) -> RenderableType:
    """All of it that an operator looks at."""
    blocks: list[Iterable[RenderableType]] = [
        [_title(seen), *_alerts(seen)],
        [_funnel(seen)],
        [_rates(seen.rates, width)],
        [_connectors(seen.connectors, width)],
        [_groups(seen)],
        _others(seen),
    ]
    return Group(*(part for block in blocks for part in (*block, Text())))


def lines_of(seen: Snapshot) -> list[str]:
    """The same as lines for this terminal, or for none."""
    console = Console()
    with console.capture() as captured:
        console.print(screen(seen, console.width))
    return captured.get().splitlines()


def _title(seen: Snapshot) -> Text:
    at = datetime.fromtimestamp(seen.at_ms / 1000, UTC)
    up = span(seen.build.uptime_s)
    title = Text("Heliograph", style="bold")
    title.append(f"  {at:%Y-%m-%d %H:%M:%S} UTC, telemetry up {up}", style="not bold")
    if seen.build.behind:
        title.append(f", {seen.build.behind:,} records behind", style="not bold yellow")
    return title


def _alerts(seen: Snapshot) -> Iterable[Text]:
    for alert in seen.alerts:
        since_s = (seen.at_ms - alert.since_ms) / 1000
        line = Text(f"! {alert.name} for {span(since_s)}: ", style=BAD)
        yield line.append(plain(alert.words), style="not bold")


def _funnel(seen: Snapshot) -> Table:
    stages = seen.funnel.__struct_fields__
    table = Table(*stages, box=None, padding=(0, GAP, 0, 0), header_style=DIM)
    table.add_row(*(f"{getattr(seen.funnel, stage):,}" for stage in stages))
    return table


def _rates(rates: Rates, width: int) -> Table:
    table = _table(("per second", "now", "the last minute"), numbers={1})
    points = max(10, min(60, width - 30))
    for name in rates.__struct_fields__:
        values = getattr(rates, name)
        table.add_row(name.removesuffix("_per_s"), f"{values[-1]:,.0f}", spark(values[-points:]))
    return table


def _connectors(connectors: Sequence[Connector], width: int) -> Table:
    """As many columns as there is room for, each whole."""
    titles: list[str] = []
    columns: list[list[Text | str]] = []
    left = width
    for title, value in CELLS:
        column = [value(one) for one in connectors]
        left -= max([len(title), *map(len, column)]) + GAP
        if left < 0:
            break
        titles.append(title)
        columns.append(column)
    table = _table(titles, numbers=set(range(2, len(titles))))
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table


def _groups(seen: Snapshot) -> Table:
    table = _table(("group", "lag", "age", "done/s"), numbers={1, 2, 3})
    for group in seen.groups:
        style = "" if group.lag else DIM
        cells = group.name, f"{group.lag:,}", _age(group.age_s), f"{group.done_per_s:,.0f}"
        table.add_row(*cells, style=style)
    return table


def _others(seen: Snapshot) -> Iterable[RenderableType]:
    for vote in seen.votes:
        counts = ", ".join(f"{option} {count:,}" for option, count in vote.counts.items())
        yield Text(plain(f"vote {vote.name}: {counts}"))
    for letters in seen.letters:
        yield Text(f"dead letters in {letters.topic}: {letters.open:,}", style="yellow")
    for failure in seen.failures[:FAILURES]:
        at = datetime.fromtimestamp(failure.at_ms / 1000, UTC)
        line = Text(overflow="ellipsis", no_wrap=True).append(f"{at:%H:%M:%S} ", style=DIM)
        yield line.append(f"{plain(failure.message_id)}  {plain(failure.words)}")


def _table(titles: Sequence[str], numbers: set[int]) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), header_style=DIM)
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place in numbers else "left", no_wrap=True)
    return table


def _state(one: Connector) -> Text:
    if one.state == "bound" and one.stop is not None:  # by an operator
        return Text(plain(one.stop), style="yellow")
    return Text(one.state, style=GOOD if one.state == "bound" else BAD)


def _binds(one: Connector) -> Text:
    up, wanted = one.all_binds
    return Text(f"{up}/{wanted}", style=BAD if up < wanted else "")


def _rate(one: Connector) -> Text:
    shown = f"{one.submitted_per_s:,.0f}/{one.rate_per_s:,.0f}"
    return Text(shown, style="yellow" if one.is_throttled else "")


def _queue(one: Connector) -> str:
    return UNKNOWN if one.queued is None else f"{one.queued:,}"


def _errors(one: Connector) -> str:
    return f"{sum(one.statuses.values()) - one.statuses.get('ESME_ROK', 0):,}"


CELLS: tuple[Cell, ...] = (  # what one looks at first is first
    ("connector", lambda one: one.name),
    ("state", _state),
    ("binds", _binds),
    ("in flight", lambda one: f"{one.in_flight}/{one.window}"),
    ("sent/s of", _rate),
    ("queue", _queue),
    ("age", lambda one: _age(one.age_s)),
    ("p99 ms", lambda one: _number(one.answer_p99_ms)),
    ("contract", lambda one: f"{one.contract_per_s:,.0f}"),
    ("waiting", lambda one: f"{one.waiting:,}"),
    ("errors", _errors),
    ("receipt p50", lambda one: _number(one.delivery_p50_ms)),
    ("delivered", lambda one: _share(one.delivery_rate)),
    ("orphans", lambda one: _share(one.orphan_share)),
)


def spark(values: Sequence[float]) -> str:
    """Values as a line of blocks; the highest is full."""
    top = max(values, default=0) or 1
    return "".join(BLOCKS[round(value / top * (len(BLOCKS) - 1))] for value in values)


def span(seconds: float) -> str:
    """A stretch of time in its two largest units."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def _age(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else span(seconds)


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1%}"
