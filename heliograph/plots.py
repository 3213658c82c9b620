"""Plots as inline SVG: stacked bars over time, shares, curves; text in, text out, pure.

Colours are the page's: an element has class `s0`, `s1` ... of its series, and the style sheet says
what that is by day and by night. What a mark stands for is its <title>, which needs no script.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 10, 28
TICKS = 4
LABELS_MAX = 8
COLOURS = 6  # of the style sheet; they come again
ROW_HEIGHT, NAME_WIDTH = 26, 150

Stack = Mapping[str, int]  # by series


class Bar(NamedTuple):
    """One bar: what stands below it, and its parts by series."""

    label: str
    parts: Stack


def legend(series: Sequence[str], first: int = 0) -> str:
    """Which colour is which; that of the first series is number `first`."""
    marks = (
        f'<span><i class="s{n % COLOURS}"></i>{escape(s)}</span>'
        for n, s in enumerate(series, first)
    )
    return f'<p class="legend">{"".join(marks)}</p>'


def stacked(bars: Sequence[Bar], series: Sequence[str], what: str, first: int = 0) -> str:
    """Bars side by side, their parts on one another."""
    top = nice(max((sum(bar.parts.values()) for bar in bars), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(bars))
    marks = [*_levels(top, "{:,.0f}")]
    for number, bar in enumerate(bars):
        x, y = LEFT + number * step, float(HEIGHT - BOTTOM)
        for place, name in enumerate(series, first):
            count = bar.parts.get(name, 0)
            height = count / top * (HEIGHT - TOP - BOTTOM)
            y -= height
            if count:
                title = f"{bar.label}: {count:,} {name}"
                box = (x + step * 0.08, y, step * 0.84, height)
                marks.append(_box(*box, place, title))
        if number % math.ceil(len(bars) / LABELS_MAX) == 0:
            marks.append(_text(x + step / 2, HEIGHT - 8, bar.label, "middle"))
    return legend(series, first) + _svg(marks, HEIGHT, what)


def shares(bars: Sequence[Bar], series: Sequence[str], what: str) -> str:
    """A bar a line, each as long as the others, its parts beside one another."""
    marks, room = [], WIDTH - NAME_WIDTH - 90
    for number, bar in enumerate(bars):
        total, x, y = sum(bar.parts.values()), float(NAME_WIDTH), number * ROW_HEIGHT + 4
        marks.append(_text(NAME_WIDTH - 8, y + 13, bar.label, "end"))
        for place, name in enumerate(series):
            count = bar.parts.get(name, 0)
            if count:
                length = count / total * room
                title = f"{bar.label}: {count:,} {name}, {count / total:.1%}"
                marks.append(_box(x, y, length, ROW_HEIGHT - 8, place, title))
                x += length
        share = bar.parts.get(series[0], 0) / total if total else 0
        marks.append(_text(NAME_WIDTH + room + 8, y + 13, f"{share:.1%}", "start"))
    return legend(series) + _svg(marks, len(bars) * ROW_HEIGHT + 8, what)


def curves(values: Mapping[str, Sequence[int]], what: str, first: int = 0) -> str:
    """Of each series, sorted, which share is at most so large: milliseconds, 10 to a decade."""
    least = min((own[0] for own in values.values()), default=1)
    most = max((own[-1] for own in values.values()), default=1)
    low, high = math.floor(_decade(least)), math.ceil(_decade(most) + 1e-9)
    span = max(1, high - low)

    def x_of(value: int) -> float:
        return LEFT + (_decade(value) - low) / span * (WIDTH - LEFT - RIGHT)

    marks = [*_levels(1, "{:.0%}")]
    for decade in range(low, low + span + 1):
        marks.append(_text(x_of(10**decade), HEIGHT - 8, f"{10**decade / 1000:,g} s", "middle"))
    for place, (name, own) in enumerate(values.items(), first):
        points = " ".join(f"{x_of(v):.1f},{_y_of(share):.1f}" for v, share in _steps(own))
        title = f"<title>{escape(name)}: {len(own):,}</title>"
        colour = f"l{place % COLOURS}"
        marks.append(f'<polyline class="{colour}" points="{points}">{title}</polyline>')
    return legend([*values], first) + _svg(marks, HEIGHT, what)


def nice(most: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `most`, at least 1."""
    if most <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(most))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= most)


def _decade(value: float) -> float:
    return math.log10(max(1, value))


def _steps(values: Sequence[int]) -> Iterator[tuple[int, float]]:
    """At most two hundred points of a curve."""
    every = max(1, len(values) // 200)
    yield values[0], 0
    for number in range(every - 1, len(values), every):
        yield values[number], (number + 1) / len(values)
    yield values[-1], 1


def _y_of(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _levels(top: float, form: str) -> Iterator[str]:
    ticks = min(TICKS, int(top)) if top > 1 else TICKS
    for tick in range(ticks + 1):
        y = _y_of(tick / ticks)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(LEFT - 8, y + 4, form.format(top * tick / ticks), "end")


def _box(x: float, y: float, width: float, height: float, place: int, title: str) -> str:
    return (
        f'<rect class="s{place % COLOURS}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}"><title>{escape(title)}</title></rect>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(marks: Sequence[str], height: int, what: str) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(what)}">'
    return "".join([head, *marks, "</svg>"])
