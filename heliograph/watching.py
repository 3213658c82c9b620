"""Commands that watch a pipeline that runs: `top`, `lag`."""

import json
import sys
from typing import Annotated

import typer

from heliograph.options import ConfigOption, config_at

WATCHING = typer.Typer()
PAUSE_S = 1.0  # between the two questions that make a rate
JsonOption = Annotated[bool, typer.Option("--json", help="For scripts.")]


@WATCHING.command()
def top(
    url: Annotated[
        str | None, typer.Option(help="Where telemetry serves; as configured without it.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, max=60, help="Seconds from one look to the next.")
    ] = 1.0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show funnel, rates, connectors and groups, as telemetry sees them, until Ctrl-C.

    Examples: heliograph top; heliograph top --once --json | jq .funnel
    """
    from rich.console import Console

    from heliograph.sights import Sights, telemetry_url, watch
    from heliograph.topping import screen

    sights = Sights(url or telemetry_url(config_at(config)))
    if as_json:
        print(sights.read().decode())
    elif once:
        console = Console()
        console.print(screen(sights.look(), console.width))
    else:
        watch(sights, every_s)


@WATCHING.command()
def lag(
    max_: Annotated[
        int | None, typer.Option("--max", min=0, help="Exit 1 where a group is further behind.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say how far each consumer group is behind, in records and seconds, as Kafka knows it.

    What waits by design is no lag: timers that are not due, bulk that has no room, what is paused.
    Examples: heliograph lag; heliograph lag --max 10000 --json
    """
    from heliograph.sights import lag_table, standing

    groups = standing(config_at(config), PAUSE_S)
    if as_json:
        rows = [{name: getattr(one, name) for name in one.__struct_fields__} for one in groups]
        print(json.dumps(rows))
    else:
        print(*lag_table(groups), sep="\n")
    late = [f"{one.name} by {one.lag:,}" for one in groups if max_ is not None and one.lag > max_]
    if late:
        print(f"heliograph: more than {max_:,} behind: {', '.join(late)}", file=sys.stderr)
        raise typer.Exit(1)
