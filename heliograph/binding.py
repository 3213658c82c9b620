"""Commands about the binds of connectors: `binds`."""

from typing import Annotated

import typer

from heliograph.completion import connector_names
from heliograph.options import ConfigOption, config_at
from heliograph.saying import say

BINDING = typer.Typer()
BINDS = typer.Typer(
    help="The binds of connectors: how they are; let them rest, as for maintenance.",
    no_args_is_help=True,
)
BINDING.add_typer(BINDS, name="binds")

ConnectorArgument = Annotated[
    str, typer.Argument(help="Which connector.", autocompletion=connector_names)
]
WaitOption = Annotated[float, typer.Option(min=0, help="Seconds to wait until it is so.")]


@BINDS.command("list")
def binds_list(
    connector: Annotated[
        str | None, typer.Argument(help="Of this one; of all.", autocompletion=connector_names)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """List every bind as its binder has told it last, and which connectors are to rest.

    Ends with 1 when one is not bound that should be.

    \b
    heliograph binds list slow
    """
    from heliograph.binds import is_well, known, lines, look, told

    loaded = config_at(config)
    wanted = known(loaded, connector)
    found = look(loaded, wanted)
    say(lines(found), told(found))
    if not is_well(found):
        raise typer.Exit(1)


@BINDS.command("drain")
def binds_drain(
    connector: ConnectorArgument, wait: WaitOption = 60, config: ConfigOption = None
) -> None:
    """Let a connector rest: nothing more is written, what is written is answered, then it unbinds.

    Routers go round it within seconds. What only it may send waits, or goes elsewhere as its rule
    says. It stays so, through restarts too, until `resume`.

    Ends with 1 when it is not so after --wait; it will be all the same.

    \b
    heliograph binds drain slow --wait 120
    """
    _order(connector, wait, config, drain=True)


@BINDS.command("resume")
def binds_resume(
    connector: ConnectorArgument, wait: WaitOption = 60, config: ConfigOption = None
) -> None:
    """Bind again what was drained.

    Ends with 1 when not every bind is up after --wait; each is tried on and on.

    \b
    heliograph binds resume slow
    """
    _order(connector, wait, config, drain=False)


def _order(connector: str, wait: float, config: ConfigOption, *, drain: bool) -> None:
    from heliograph.binds import await_all, known, lines, told, write

    loaded = config_at(config)
    (name,) = known(loaded, connector)
    write(loaded, name, drain=drain)
    found, is_so = await_all(loaded, name, wait, drain=drain)
    wish = "drained" if drain else "bound"
    end = f"{name} is {wish}" if is_so else f"not all of {name} is {wish} after {wait:g} s"
    say([*lines(found), end], {**told(found), "done": is_so})
    if not is_so:
        raise typer.Exit(1)
