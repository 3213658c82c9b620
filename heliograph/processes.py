"""Commands that run one process of the pipeline: each service, and the sandbox."""

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from heliograph.completion import connector_names
from heliograph.options import ConfigOption, config_at
from heliograph.saying import say
from pipeline.ids import ConnectorId

PROCESSES = typer.Typer()
RELOADED = ("intake", "router", "correlator")  # these read the configuration anew on SIGHUP
OF_REPLICAS = ("intake", "router", "correlator", "tracker", "scheduler", "telemetry")
ReplicaOption = Annotated[
    str, typer.Option(help="Name of this replica, the same at every start (StatefulSet pod).")
]
PrintOption = Annotated[
    bool, typer.Option("--print-config", help="Only print the configuration, and end.")
]


@PROCESSES.command()
def sandbox(
    name: Annotated[str, typer.Argument(help="Which of services.sandbox.")],
    config: ConfigOption = None,
    free_ports: Annotated[bool, typer.Option(help="Ignore the configured ports.")] = False,
) -> None:
    """Run one simulated SMSC.

    \b
    heliograph sandbox slow
    heliograph sandbox slow --free-ports
    """
    from services.sandbox.__main__ import main as run

    run(config_at(config, with_secrets=True), name, free_ports=free_ports)


@PROCESSES.command()
def binder(
    replica: ReplicaOption = "binder-0",
    connector: Annotated[
        list[str] | None, typer.Option(help="Serve only this one.", autocompletion=connector_names)
    ] = None,
    config: ConfigOption = None,
    only_print: PrintOption = False,
) -> None:
    """Run one binder replica.

    \b
    heliograph binder --replica binder-0
    heliograph binder --replica binder-1 --connector slow
    """
    from services.binder.__main__ import main as run

    if only_print:
        print_config(config)
    else:
        run(lambda: config_at(config, with_secrets=True), replica, connector or ())


def _add_service(name: str) -> None:
    def service(
        replica: ReplicaOption = f"{name}-0",
        config: ConfigOption = None,
        only_print: PrintOption = False,
    ) -> None:
        if only_print:
            print_config(config)
        else:
            given = (lambda: config_at(config)) if name in RELOADED else config_at(config)
            import_module(f"services.{name}.__main__").main(given, replica)

    example = f"heliograph {name} --replica {name}-0"
    PROCESSES.command(name, help=f"Run one {name} replica.\n\n\b\n{example}")(service)


for _name in OF_REPLICAS:
    _add_service(_name)


def print_config(path: Path | None) -> None:
    """Print it as it is in force, secrets hidden. Raises ConfigError with every fault."""
    from services.binder.statuses import deliver_refusal, dispositions

    config = config_at(path, with_secrets=True)
    shown = config.model_dump(mode="json")
    for name, connector in config.connectors.items():
        profile = config.profile(ConnectorId(name))
        dispositions(ConnectorId(name), profile)
        deliver_refusal(ConnectorId(name), profile)
        shown["profiles"][connector.profile] = profile.model_dump(mode="json")
    say([json.dumps(shown, indent=2)], shown)
