"""Commands that steer a pipeline, or say where it would go: `stop`, `optout`, `routes`."""

from pathlib import Path
from typing import Annotated

import typer

from heliograph.completion import connector_names, tenant_names
from heliograph.options import ConfigOption, config_at
from heliograph.saying import say
from pipeline import topics
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId

STOP = typer.Typer(
    help="Pause or cancel what is on its way; in force everywhere within 2 s. What is scheduled "
    "meets what is in force when it is due: it ends as cancelled then, and not before.",
    no_args_is_help=True,
)
ROUTES = typer.Typer(
    help="The routes: whether a file is whole, what it would do; publish it.",
    no_args_is_help=True,
)
OPTOUT = typer.Typer(help="Who wants no more of what.", no_args_is_help=True)
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Of whom; of anybody.", autocompletion=tenant_names)
]
SenderOption = Annotated[str | None, typer.Option("--sender", help="From which; from any.")]
FileOption = Annotated[Path | None, typer.Option("--file", help="Another routes file.")]


def _add_stop(action: str, what: str) -> None:
    def order(
        tenant: Annotated[
            str | None, typer.Option(help="All of a tenant.", autocompletion=tenant_names)
        ] = None,
        campaign: Annotated[str | None, typer.Option(help="All of a campaign.")] = None,
        connector: Annotated[
            str | None,
            typer.Option(help="What one connector sends.", autocompletion=connector_names),
        ] = None,
        everything: Annotated[bool, typer.Option("--everything", help="Whatever it is.")] = False,
        config: ConfigOption = None,
    ) -> None:
        from heliograph.stopping import write
        from pipeline.kafka.clients import now_ms
        from pipeline.records import Stop

        if everything is any((tenant, campaign, connector)):
            raise HeliographError(
                "say what: --tenant, --campaign, --connector, or several of them for what is all "
                "of these; or --everything"
            )
        own = None if connector is None else ConnectorId(connector)
        row = Stop(action=action, tenant=tenant, campaign=campaign, connector=own, at_ms=now_ms())
        say([f"{action}: {write(config_at(config), row)}"], row)

    example = f"heliograph stop {action} --campaign spring"
    STOP.command(action, help=f"{what}\n\n\b\n{example}")(order)


for _action, _what in (
    ("pause", "Let nothing of it be sent, until it may go on."),
    ("cancel", "End all of it that is not yet sent, and what comes, as cancelled."),
    ("resume", "Let go on what was paused or cancelled by the same options."),
):
    _add_stop(_action, _what)


@STOP.command("list")
def stop_list(config: ConfigOption = None) -> None:
    """What is in force.

    \b
    heliograph stop list
    """
    from heliograph.stopping import in_force

    found = in_force(config_at(config))
    say(found or ["nothing is stopped"], found)


def _add_opt_out(name: str, action: str, what: str) -> None:
    def order(
        numbers: list[str],
        tenant: TenantOption = None,
        sender: SenderOption = None,
        config: ConfigOption = None,
    ) -> None:
        from heliograph.opting import Wish, tell

        wishes = (Wish(action, number, tenant, sender) for number in numbers)
        count = tell(config_at(config), wishes)
        say([f"{count} recipients told"], {"told": count})

    example = f"heliograph optout {name} +46701234567 --tenant acme"
    OPTOUT.command(name, help=f"{what}\n\n\b\n{example}")(order)


for _name, _action, _what in (
    ("add", "out", "These recipients want no more of it."),
    ("remove", "in", "They want it again; of a tenant or sender that is named, it is consent."),
):
    _add_opt_out(_name, _action, _what)


@OPTOUT.command("import")
def optout_import(
    file: Path,
    tenant: TenantOption = None,
    sender: SenderOption = None,
    config: ConfigOption = None,
) -> None:
    """Add the recipients of a file, one a line, # begins a remark; or a CSV, as `export` writes it.

    The options are for lines that name no tenant or sender themselves.

    \b
    heliograph optout import numbers.txt --tenant acme
    """
    from heliograph.opting import tell
    from heliograph.wishes import wishes_in

    count = tell(config_at(config), wishes_in(file, tenant, sender))
    say([f"{count} rows told"], {"told": count})


@OPTOUT.command("check")
def optout_check(
    number: str,
    tenant: TenantOption = None,
    sender: SenderOption = None,
    config: ConfigOption = None,
) -> None:
    """Say what the router knows of a recipient; with --tenant and --sender, what that means.

    \b
    heliograph optout check +46701234567 --tenant acme --sender ACME
    """
    from heliograph.opted import WHAT_WAS_READ, all_kept, known_of, told

    loaded, own = config_at(config), sender or ""
    found = known_of(loaded, all_kept(loaded), number, tenant, own)
    say([*told(found, tenant, own), WHAT_WAS_READ], found.document())


@OPTOUT.command("export")
def optout_export(config: ConfigOption = None) -> None:
    """Write all that the router knows of recipients as CSV, for `import`.

    \b
    heliograph optout export > optout.csv
    """
    from heliograph.opted import WHAT_WAS_READ, all_kept, exported, rows_of
    from heliograph.wishes import COLUMNS

    rows = rows_of(all_kept(config_at(config)))
    say(exported(rows), [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    typer.echo(WHAT_WAS_READ, err=True)


@ROUTES.command("check")
def routes_check(file: FileOption = None, config: ConfigOption = None) -> None:
    """Read the routes as a router would; every fault is told with line and column.

    There are no cycles to look for: a rule names connectors and never another rule.

    \b
    heliograph routes check --file routes.yaml
    """
    from heliograph.routing import summary

    found = summary(config_at(config), file)
    say([found], found)


@ROUTES.command("explain")
def routes_explain(
    to: str,
    sender: Annotated[str | None, typer.Option(help="Its sender.")] = None,
    tenant: Annotated[
        str, typer.Option(help="Whose it is.", autocompletion=tenant_names)
    ] = "default",
    class_: Annotated[str, typer.Option("--class", help="Its class.")] = "transactional",
    lane: Annotated[str, typer.Option(help="Its lane.")] = "normal",
    campaign: Annotated[str | None, typer.Option(help="Its campaign.")] = None,
    text: Annotated[str | None, typer.Option(help="Its text.")] = None,
    message_id: Annotated[str, typer.Option(help="Its id, where weights decide.")] = "m",
    file: FileOption = None,
    config: ConfigOption = None,
) -> None:
    """Say which rule a message would meet now, and why no other one.

    \b
    heliograph routes explain +46701234567 --tenant acme --class otp
    """
    from heliograph.routing import explanation
    from pipeline.ids import Msisdn
    from pipeline.kafka.clients import now_ms
    from services.router.routes import Query

    query = Query(Msisdn(to), now_ms(), tenant, sender, class_, lane, campaign, text)
    lines = list(explanation(config_at(config), file, query, message_id))
    say(lines, {"lines": [line.strip() for line in lines]})


@ROUTES.command("simulate")
def routes_simulate(
    new: Path,
    from_topic: Annotated[
        str, typer.Option(help="What came there: the router's topic, or one of requests.")
    ] = topics.ROUTER_IN,
    file: FileOption = None,
    config: ConfigOption = None,
) -> None:
    """Route what came lately by the file NEW, without sending: how much moves, what it costs.

    \b
    heliograph routes simulate new.yaml
    """
    from heliograph.rehearsal import rehearse

    found = rehearse(config_at(config), file, new, from_topic)
    say(found.lines(), found.document())


@ROUTES.command("diff")
def routes_diff(new: Path, file: FileOption = None, config: ConfigOption = None) -> None:
    """Say which rules are other ones in the file NEW.

    \b
    heliograph routes diff new.yaml
    """
    from heliograph.routing import changes

    found = changes(config_at(config), file, new)
    say(found or ["the same rules"], {"changes": found})


@ROUTES.command("publish")
def routes_publish(
    file: Annotated[Path | None, typer.Argument(help="With the files it refers to.")] = None,
    again: Annotated[str | None, typer.Option(help="Or this version, published before.")] = None,
    by: Annotated[str | None, typer.Option(help="Who does; whoever is logged in.")] = None,
    config: ConfigOption = None,
) -> None:
    """Put routes in force at every router that has `routes: topic`; a file must be whole.

    \b
    heliograph routes publish routes.yaml
    heliograph routes publish --again spring-1
    """
    from heliograph.publishing import publish

    what = file or again
    if what is None or (file and again):
        raise HeliographError("say what: a routes FILE, or --again VERSION")
    row = publish(config_at(config), what, by)
    lines = [f"version {row.version} is in force", *row.changes]
    say(lines, {"version": row.version, "changes": row.changes})


@ROUTES.command("history")
def routes_history(config: ConfigOption = None) -> None:
    """List what was published: which version, when, by whom, and what was another in it.

    \b
    heliograph routes history
    """
    from heliograph.publishing import documents, history, versions

    rows = versions(config_at(config))
    say(history(rows), documents(rows))


@ROUTES.command("show")
def routes_show(
    version: Annotated[str | None, typer.Argument()] = None, config: ConfigOption = None
) -> None:
    """Print a published version as it was written, by default the one in force.

    \b
    heliograph routes show spring-1 > routes.yaml
    """
    from heliograph.publishing import shown

    row = shown(config_at(config), version)
    say([row.text.removesuffix("\n")], {"version": row.version, "text": row.text})
