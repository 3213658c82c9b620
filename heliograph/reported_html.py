"""The report as one HTML page: plots and tables, dark and light, without script."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from heliograph.plots import Bar, curves, shares, stacked
from heliograph.reporting import COLUMNS, Fold, Row, delays_ms

Tables = Mapping[str, tuple[Sequence[str], Sequence[Row]]]

FATES = ("delivered", "failed", "untold", "refused")
CONNECTORS = 3  # colour of the first; those before are of fates
BARS_MAX = 72
STEPS_MIN = (1, 5, 15, 30, 60, 180, 360, 720, 1440)
TITLES = {
    "delivery": ("Delivery", "Segments by connector and country, and what became of them."),
    "receipt_delay": ("Receipts", "From the write of a segment to its final receipt."),
    "cost": ("Cost", "What was accepted, at the price of its way."),
    "invoice": ("Invoice", "What was accepted, by days in the zone of each carrier."),
    "billing": ("Billing", "The carriers' invoices; what is neither accepted nor in doubt."),
    "reconciliation": ("Reconciliation", "The carriers' ledgers, segment by segment."),
}
COLOURS = {  # series: by day, by night
    "s0": ("#2a78b8", "#5aa9e6"),
    "s1": ("#c8452f", "#f0826d"),
    "s2": ("#a9a395", "#8b8778"),
    "s3": ("#e0a526", "#f2c55c"),
    "s4": ("#3f9165", "#6cc596"),
    "s5": ("#7a5ea8", "#b096dd"),
}
STYLE = """
:root { color-scheme: light dark; --ink: #22262b; --dim: #667; --line: #d9dce1; --page: #fbfbfa;
  --card: #fff; DAY }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --dim: #9aa1ab; --line: #363b43;
  --page: #15181c; --card: #1d2126; NIGHT } }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 60rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 0; }
p { margin: .2rem 0 .8rem; color: var(--dim); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem 1.3rem; margin-top: 1.2rem; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .8rem;
  margin-top: 1.2rem; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .7rem 1rem; color: var(--dim); }
.tiles b { display: block; font-size: 1.45rem; color: var(--ink); font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin-top: .8rem;
  font-variant-numeric: tabular-nums; }
th { color: var(--dim); font-weight: 500; text-align: left; }
th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.n { text-align: right; } .bad { color: var(--s1); font-weight: 600; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--dim); font-size: 11px; }
svg line { stroke: var(--line); } polyline { fill: none; stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: 1rem; font-size: .85rem; margin: .4rem 0; }
.legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px;
  margin-right: .4em; }
"""


def page(fold: Fold, found: Tables) -> str:
    """The page of these tables, and of what the fold knows besides."""
    window = fold.window
    title = f"{_moment(window.begin_ms)} to {_moment(window.end_ms)} UTC"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Heliograph, {title}</title><style>{_style()}</style></head><body>",
        f"<h1>What went to the carriers</h1><p>{title}</p>",
        _tiles(found),
        _section("Over time", "Segments by when they were written, UTC.", _over_time(fold)),
    ]
    plots = {"delivery": _delivery, "receipt_delay": _receipts, "invoice": _invoice}
    for name, (columns, rows) in found.items():
        plot = plots[name](fold, rows) if name in plots and rows else ""
        parts.append(_section(*TITLES[name], plot + _table(columns, rows)))
    return "\n".join([*parts, "</body></html>", ""])


def _style() -> str:
    day, night = ("".join(f"--{n}: {c[i]}; " for n, c in COLOURS.items()) for i in (0, 1))
    marks = (
        f".{name} {{ fill: var(--{name}); background: var(--{name}); }}"
        f" .l{name[1:]} {{ stroke: var(--{name}); }}"
        for name in COLOURS
    )
    return STYLE.replace("DAY", day).replace("NIGHT", night) + "\n".join(marks)


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _section(title: str, says: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2><p>{escape(says)}</p>{body}</section>"


def _tiles(found: Tables) -> str:
    columns, rows = found["delivery"]
    sums = {c: sum(int(row[n]) for row in rows) for n, c in enumerate(columns) if n > 1}
    share = sums["delivered"] / sums["segments"] if sums["segments"] else 0
    tiles = [
        (f"{sums['segments']:,}", "segments written"),
        (f"{sums['accepted']:,}", "accepted"),
        (f"{share:.1%}", "delivered"),
        (f"{sums['in_doubt']:,}", "in doubt"),
        *(
            (f"{cost:,.2f}", f"cost, {currency or 'no currency'}")
            for currency, cost in _costs(found)
        ),
    ]
    told = "".join(f"<div><b>{escape(n)}</b>{escape(what)}</div>" for n, what in tiles)
    return f'<div class="tiles">{told}</div>'


def _costs(found: Tables) -> Iterator[tuple[str, float]]:
    sums: defaultdict[str, float] = defaultdict(float)
    for *_, currency, segments, unpriced, cost in found["cost"][1]:
        if segments != unpriced:
            sums[str(currency)] += float(cost)
    yield from sums.items()


def _over_time(fold: Fold) -> str:
    times = sorted((own.at_ms, own.segment.fate) for own in fold.written())
    if not times:
        return "<p>Nothing was written.</p>"
    first, last = times[0][0] // 60_000, times[-1][0] // 60_000
    step = next((s for s in STEPS_MIN if (last - first) // s < BARS_MAX), STEPS_MIN[-1])
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for at_ms, fate in times:
        counts[at_ms // 60_000 // step][fate] += 1
    form = "%H:%M" if last - first < 1440 else "%d %b" if step == 1440 else "%d %b %H:%M"
    bars = [
        Bar(datetime.fromtimestamp(n * step * 60, UTC).strftime(form), counts[n])
        for n in range(first // step, last // step + 1)
    ]
    return stacked(bars, FATES, "segments over time")


def _delivery(fold: Fold, rows: Sequence[Row]) -> str:
    place = {column: n for n, column in enumerate(COLUMNS["delivery"])}
    bars = [
        Bar(f"{row[0]} {row[1] or '-'}", {fate: int(row[place[fate]]) for fate in FATES})
        for row in rows
    ]
    return shares(bars, FATES, "what became of the segments by connector and country")


def _receipts(fold: Fold, rows: Sequence[Row]) -> str:
    return curves(delays_ms(fold), "share of receipts by their delay", CONNECTORS)


def _invoice(fold: Fold, rows: Sequence[Row]) -> str:
    connectors = sorted({str(row[0]) for row in rows})
    days: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for connector, day, accepted, _ in rows:
        days[str(day)][str(connector)] += int(accepted)
    bars = [Bar(day, parts) for day, parts in sorted(days.items())]
    return stacked(bars, connectors, "accepted segments by day", CONNECTORS)


def _table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    if not rows:
        return "<p>Nothing.</p>"
    is_number = [
        column == "cost" or isinstance(cell, int)
        for column, cell in zip(columns, rows[0], strict=True)
    ]
    marks = ['<th class="n">' if number else "<th>" for number in is_number]
    head = "".join(f"{m}{c.replace('_', ' ')}</th>" for m, c in zip(marks, columns, strict=True))
    body = "".join(f"<tr>{''.join(_cells(columns, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(columns: Sequence[str], row: Row) -> Iterator[str]:
    for column, cell in zip(columns, row, strict=True):
        if isinstance(cell, int):
            is_bad = cell and (column.startswith("only_") or column == "unexplained")
            yield f'<td class="n{" bad" if is_bad else ""}">{cell:,}</td>'
        else:
            kind = ' class="n"' if column == "cost" else ""
            yield f"<td{kind}>{escape(cell) or '-'}</td>"
