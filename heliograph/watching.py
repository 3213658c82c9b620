"""Commands that watch a pipeline that runs: `top`, `lag`."""

import sys
from typing import Annotated

import typer

from heliograph.options import ConfigOption, config_at
from heliograph.saying import say, wants_json

WATCHING = typer.Typer()
PAUSE_S = 1.0  # between the two questions that make a rate


@WATCHING.command()
def top(
    url: Annotated[
        str | None, typer.Option(help="Where telemetry serves; as configured without it.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, max=60, help="Seconds from one look to the next.")
    ] = 1.0,
    config: ConfigOption = None,
) -> None:
    """Show funnel, rates, connectors and groups, as telemetry sees them, until Ctrl-C.

    With --json once, whether --once is given or not.

    \b
    heliograph top
    heliograph top --once --json
    """
    from heliograph.sights import Sights, watch
    from heliograph.topping import lines_of
    from heliograph.viewing import url_of

    sights = Sights(url or url_of(config_at(config)))
    if once or wants_json():
        seen = sights.look()
        say(lines_of(seen), seen, is_plain=True)
    else:
        watch(sights, every_s)


@WATCHING.command()
def lag(
    max_: Annotated[
        int | None, typer.Option("--max", min=0, help="Exit 1 where a group is further behind.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say how far each consumer group is behind, in records and seconds, as Kafka knows it.

    What waits by design is no lag: timers that are not due, bulk that has no room, what is paused.
    Ends with 1 where a group is further behind than --max.

    \b
    heliograph lag --max 10000
    """
    from heliograph.sights import lag_table, standing

    groups = standing(config_at(config), PAUSE_S)
    say(lag_table(groups), groups)
    late = [f"{one.name} by {one.lag:,}" for one in groups if max_ is not None and one.lag > max_]
    if late:
        print(f"heliograph: more than {max_:,} behind: {', '.join(late)}", file=sys.stderr)
        raise typer.Exit(1)
