"""The `heliograph` command: every way an operator starts, feeds and asks the pipeline."""

import logging
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table

from heliograph.binding import BINDING
from heliograph.checking import CHECKING
from heliograph.completion import connector_names, tenant_names
from heliograph.correlating import SEGMENTS, receipts
from heliograph.letters import LETTERS
from heliograph.options import ConfigOption, config_at
from heliograph.ordering import MESSAGE, UNRESOLVED
from heliograph.processes import PROCESSES, print_config
from heliograph.reading import READING
from heliograph.report import report
from heliograph.saying import add_json, aside, say
from heliograph.steering import OPTOUT, ROUTES, STOP
from heliograph.watching import WATCHING
from pipeline.errors import ConfigError, HeliographError
from pipeline.ids import ConnectorId

HELP = """An event-streaming SMS pipeline on Apache Kafka.

\b
A command ends with
  0    when it is done, or all is as it should be
  1    when what was looked at is not as it should be, or not yet
  2    when it could not be done: a sentence on standard error says why, and what to do
  130  after Ctrl-C
"""
APP = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
APP.command()(receipts)
APP.add_typer(SEGMENTS, name="segments")
APP.add_typer(STOP, name="stop")
APP.add_typer(OPTOUT, name="optout")
APP.add_typer(ROUTES, name="routes")
APP.add_typer(MESSAGE, name="message")
APP.add_typer(UNRESOLVED, name="unresolved")
APP.command()(report)
for _commands in (WATCHING, READING, LETTERS, BINDING, CHECKING):
    APP.add_typer(_commands)

KAFKA_PORT = 9092
TARGETS_S = 2.0


@APP.command()
def demo(
    messages: Annotated[int, typer.Option(min=1, max=1_000_000, help="Requests to send.")] = 5000,
    rate: Annotated[float, typer.Option(min=0, help="Requests a second; 0 is all at once.")] = 250,
    seed: Annotated[int, typer.Option(help="Makes the same requests again.")] = 1,
    kill: Annotated[str | None, typer.Option(help="Kill this service in mid-load: binder.")] = None,
    garbage: Annotated[int, typer.Option(min=0, help="Unreadable records to mix in.")] = 0,
    report: Annotated[Path | None, typer.Option(help="Write the findings as JSON.")] = None,
    config: ConfigOption = None,
) -> None:
    """Run the whole loop on this machine and judge it by the carriers' ledgers.

    Ends with 1 when a law of `verify` does not hold.

    \b
    heliograph demo
    heliograph demo --messages 20000 --rate 0 --kill binder
    """
    from heliograph import demo as play
    from heliograph.local import EXAMPLE

    plan = play.Plan(messages, rate, seed, kill, garbage, config or EXAMPLE)
    findings = play.run(plan, Console(file=aside()), report)
    say([], findings)
    if not findings["good"]:
        raise typer.Exit(1)


@APP.command()
def up(config: ConfigOption = None) -> None:
    """Run everything on this machine until Ctrl-C; Kafka on 127.0.0.1:9092 if it is free.

    \b
    heliograph up
    heliograph up --config heliograph.yaml
    """
    from heliograph.local import EXAMPLE, running, write_targets
    from pipeline.broker import free_port, is_free

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(file=aside())
    port = KAFKA_PORT if is_free(KAFKA_PORT) else free_port()
    with (
        TemporaryDirectory(prefix="heliograph-up-", ignore_cleanup_errors=True) as name,
        running(
            config or EXAMPLE, Path(name), kafka_port=port, keep_ports=True, await_routes=False
        ) as pipeline,
    ):
        table = Table("what", "where", box=None)
        taken = "" if port == KAFKA_PORT else f" (port {KAFKA_PORT} is taken)"
        table.add_row("Kafka", pipeline.config.kafka.bootstrap_servers + taken)
        for child_name, child in pipeline.launcher.children.items():
            smpp = child.facts.get("smpp_port")
            where = str(child.facts.get("http", ""))
            table.add_row(child_name, where + (f"  SMPP 127.0.0.1:{smpp}" if smpp else ""))
        console.print(table)
        if pipeline.awaited:
            console.print(pipeline.awaited)
        targets = Path(name) / "targets.json"
        write_targets(targets, pipeline.launcher.children)
        console.print(f"Live page: {pipeline.page}", soft_wrap=True, highlight=False)
        console.print(f"For Prometheus, by file_sd_configs: {targets}", soft_wrap=True)
        say(
            [f"Logs in {Path(name) / 'log'}. Ctrl-C ends all."],
            {
                "kafka": pipeline.config.kafka.bootstrap_servers,
                "processes": {n: own.facts for n, own in pipeline.launcher.children.items()},
                "page": pipeline.page,
                "targets": str(targets),
                "logs": str(Path(name) / "log"),
            },
        )
        while True:
            time.sleep(TARGETS_S)
            write_targets(targets, pipeline.launcher.children)  # who restarts, serves elsewhere


@APP.command()
def send(
    to: str,
    text: str,
    sender: Annotated[str | None, typer.Option("--from", help="Sender.")] = None,
    message_id: Annotated[str | None, typer.Option(help="Your own id; one is made up.")] = None,
    tenant: Annotated[str, typer.Option(help="As whom.", autocompletion=tenant_names)] = "default",
    config: ConfigOption = None,
) -> None:
    """Publish one request.

    \b
    heliograph send +46701234567 hello --from ACME --message-id hello-2
    """
    from pipeline.sending import publish

    found = publish(
        config_at(config), to=to, text=text, sender=sender, message_id=message_id, tenant=tenant
    )
    say([found], {"message_id": found})


@APP.command()
def verify(
    ledger: Annotated[
        list[str],
        typer.Option(help="URL of a sandbox or file of its ledger, NAME=... if of a connector."),
    ],
    duplicates_max: Annotated[int, typer.Option(min=0, help="Segments taken twice.")] = 0,
    clock_slack_ms: Annotated[float, typer.Option(min=0, help="The carrier's clock is off.")] = 0,
    settle_s: Annotated[float, typer.Option(min=0, help="Wait so long for the groups.")] = 15,
    logs: Annotated[Path | None, typer.Option(help="Look through this folder's files.")] = None,
    metrics: Annotated[list[str] | None, typer.Option(help="And this URL.")] = None,
    config: ConfigOption = None,
) -> None:
    """Judge a run that is at rest: the carriers' ledgers against the topics.

    Ends with 1 when one of its laws does not hold (README, Judge a run).

    \b
    heliograph verify --ledger http://127.0.0.1:8775 --logs log
    """
    from heliograph.evidence import Places, gather
    from heliograph.verify import Bounds, judge
    from pipeline.process import make_codec

    loaded = config_at(config, with_secrets=logs is not None)
    places = Places(ledger, logs, metrics or ())
    evidence = gather(loaded, make_codec(loaded), places, settle_s=settle_s)
    verdict = judge(evidence, Bounds(duplicates_max, clock_slack_ms))
    say(verdict.findings, {"is_good": verdict.is_good, "findings": list(verdict.findings)})
    if not verdict.is_good:
        raise typer.Exit(1)


@APP.command()
def scenario(
    url: Annotated[str, typer.Argument(help="HTTP address of a running sandbox.")],
    name: Annotated[str | None, typer.Argument(help="A built-in scenario or a file.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE on top: limits.rate_per_s=100.")
    ] = None,
) -> None:
    """Show how a running sandbox behaves, or have it behave otherwise.

    \b
    heliograph scenario http://127.0.0.1:8775
    heliograph scenario http://127.0.0.1:8775 throttles --set limits.rate_per_s=100
    """
    import yaml

    from heliograph.carriers import change, scenario_of

    found = change(url, name, set_ or ()) if name or set_ else scenario_of(url)
    say([yaml.safe_dump(found, sort_keys=False).rstrip("\n")], found)


@APP.command()
def chaos(
    scenario: Annotated[list[str], typer.Option(help="A row: A1, D3, otp; or all.")],
    seed: Annotated[int, typer.Option(help="Makes the same faults again.")] = 1,
    long: Annotated[bool, typer.Option("--long", help="Minutes a row, as in a report.")] = False,
) -> None:
    """Break a pipeline on this machine, row by row, and say what was reached.

    Ends with 1 when a row was not reached.

    \b
    heliograph chaos --scenario A1
    heliograph chaos --scenario all --long --seed 2
    """
    from heliograph.chaos.table import play

    if not play(scenario, seed, is_long=long):
        raise typer.Exit(1)


@APP.command()
def votes(
    name: Annotated[str | None, typer.Argument(help="Which; all.")] = None,
    config: ConfigOption = None,
) -> None:
    """Say how votes stand, as counted so far.

    \b
    heliograph votes song-contest
    """
    from heliograph.voting import documents, standings, tallies, told
    from pipeline.process import make_codec

    loaded = config_at(config)
    found = standings(loaded, tallies(loaded, make_codec(loaded)), name)
    say(told(loaded, found, round(time.time() * 1000)), documents(loaded, found))


@APP.command("config")
def show_config(config: ConfigOption = None) -> None:
    """Check the configuration and print it as it is in force, secrets hidden.

    \b
    heliograph config --config heliograph.yaml
    """
    print_config(config)


@APP.command()
def conformance(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0: any.")] = 2775,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    account: Annotated[
        list[str] | None, typer.Option(help="NAME:PASSWORD that may bind; anybody without one.")
    ] = None,
    scenario: Annotated[str, typer.Option(help="How the SMSC answers.")] = "fast",
    for_s: Annotated[float | None, typer.Option(min=0.1, help="Seconds to examine.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the findings as JSON.")] = None,
    connector: Annotated[
        str | None, typer.Option(help="Learn this carrier instead.", autocompletion=connector_names)
    ] = None,
    to: Annotated[str | None, typer.Option(help="Number of yours to send to.")] = None,
    sender: Annotated[str, typer.Option("--from", help="Sender to send from.")] = "Heliograph",
    per_minute: Annotated[float, typer.Option(min=0.1, max=6000, help="Segments a minute.")] = 6,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")] = False,
    config: ConfigOption = None,
) -> None:
    """Judge an ESME by the SMPP specification; or, with --connector, learn how a carrier works.

    Ends with 1 when the ESME breaks it.

    \b
    heliograph conformance --port 2775 --for-s 60 --report findings.json
    heliograph conformance --connector slow --to +46701234567 > profile.yaml
    """
    if connector is not None:
        _learn(connector, to, sender, per_minute, yes, config)
        return
    from heliograph import conformance as examination

    wanted = examination.Examination(host, port, tuple(account or ()), scenario, for_s, report)
    if not examination.run(wanted):
        raise typer.Exit(1)


def _learn(
    name: str, to: str | None, sender: str, per_minute: float, yes: bool, config: Path | None
) -> None:
    """The draft goes to stdout, all else to stderr."""
    from heliograph.draft import draft
    from heliograph.probe import Plan, announcement, learn

    connectors = config_at(config, with_secrets=True).connectors
    own = connectors.get(ConnectorId(name))
    if own is None:
        raise ConfigError([f"connectors.{name}: there is none; there are {', '.join(connectors)}"])
    plan = Plan(to, sender, per_minute, reference=int(time.time()))
    print(announcement(name, own, plan), file=sys.stderr)
    if not yes:
        typer.confirm("Go on?", abort=True, err=True)
    text = draft(name, own, learn(own, plan), per_minute)
    say([text], {"draft": text})


add_json(APP)
APP.add_typer(PROCESSES)  # after that: they announce themselves by a line of JSON anyway


def main() -> None:
    """Run the command; what the user can mend ends in a sentence, not in a traceback."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what failed is said by the command
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # what is retried
    try:
        APP(standalone_mode=True)
    except HeliographError as error:
        print(f"heliograph: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
