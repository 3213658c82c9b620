"""Commands that check what everything stands on, or put it there: `doctor`, `topics`, `schemas`."""

from typing import Annotated

import typer

from heliograph.completion import connector_names, service_names
from heliograph.options import ConfigOption, config_at
from heliograph.saying import say
from pipeline.errors import ConfigError, HeliographError

CHECKING = typer.Typer()
TOPICS = typer.Typer(help="The topics of schemas/topics.yaml.", no_args_is_help=True)
SCHEMAS = typer.Typer(help="The schemas and their registry.", no_args_is_help=True)
CHECKING.add_typer(TOPICS, name="topics")
CHECKING.add_typer(SCHEMAS, name="schemas")


@CHECKING.command()
def doctor(
    as_: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            help="Look at the rights this service needs; those of every one.",
            autocompletion=service_names,
        ),
    ] = None,
    bind: Annotated[
        list[str] | None,
        typer.Option(
            help="Bind to this connector's hosts, once each.", autocompletion=connector_names
        ),
    ] = None,
    apart: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds between two looks at progress.")
    ] = 3,
    config: ConfigOption = None,
) -> None:
    """Look at everything the pipeline stands on, and say what is wrong and what to do.

    The configuration, the broker, topics, rights, clocks, binds, progress of the groups, schemas
    and registry, whether SMSCs can be reached, by TLS until when, the disk of the state, and
    telemetry. Nothing is written anywhere, and nothing bound but with --bind, which takes one of
    the binds the carrier allows for a moment.

    Ends with 1 when something is wrong; a warning is none.

    \b
    heliograph doctor --config heliograph.yaml
    heliograph doctor --as router --bind slow
    """
    from heliograph import doctor as looks
    from heliograph.diagnosis import FAIL, lines
    from heliograph.local import EXAMPLE

    services = as_ or looks.SERVICES
    for name in services:
        if name not in looks.SERVICES:
            raise HeliographError(f"--as: no service {name!r}; {', '.join(looks.SERVICES)}")
    path = config or EXAMPLE
    found = looks.examine(path, services, looks_apart_s=apart)
    if bind:
        found += looks.bound(path, bind)
    say(lines(found), [finding._asdict() for finding in found])
    if any(finding.verdict == FAIL for finding in found):
        raise typer.Exit(1)


@TOPICS.command("apply")
def topics_apply(config: ConfigOption = None) -> None:
    """Create the topics that are missing.

    \b
    heliograph topics apply --config heliograph.yaml
    """
    from pipeline.kafka.admin import create_topics
    from pipeline.process import catalog

    loaded = config_at(config)
    created = create_topics(loaded.kafka, catalog(loaded))
    say([*created, f"{len(created)} topics created"], {"created": created})


@TOPICS.command("diff")
def topics_diff(config: ConfigOption = None) -> None:
    """Compare the topics there are with those there should be; nothing is changed.

    Ends with 1 when one is missing or another than it should be. Topics of ours that are not of
    this configuration are told, and no fault: they may have been a connector's or a generation's.

    \b
    heliograph topics diff --config heliograph.yaml
    """
    from heliograph.diagnosis import lines, of_topics
    from pipeline.kafka.admin import differences, unwanted_topics
    from pipeline.process import catalog

    loaded = config_at(config)
    every = catalog(loaded)
    found = differences(loaded.kafka, every)
    others = unwanted_topics(loaded.kafka, every)
    told = lines(list(of_topics(len(every), found)))
    more = [f"not of this configuration: {name}" for name in others]
    say([*told, *more], {"differences": found, "others": others})
    if found:
        raise typer.Exit(1)


@SCHEMAS.command("push")
def schemas_push(config: ConfigOption = None) -> None:
    """Register every schema in the registry that is configured.

    \b
    heliograph schemas push --config heliograph.yaml
    """
    from pipeline.process import catalog, registry

    loaded = config_at(config)
    schemas = registry(loaded)
    if schemas is None:
        raise ConfigError(["kafka.schema_registry_url: not set, there is no registry"])
    subjects = schemas.push(catalog(loaded))
    say([*subjects, f"{len(subjects)} subjects registered"], {"registered": subjects})


@SCHEMAS.command("check")
def schemas_check(config: ConfigOption = None) -> None:
    """Say whether what any release has written can be read, and what a registry lacks.

    Ends with 1 when it can't, or the registry lacks something; schemas that are in no release yet
    are a warning.

    \b
    heliograph schemas check --config heliograph.yaml
    """
    from heliograph.diagnosis import FAIL, lines
    from heliograph.subjects import subjects_found

    found = list(subjects_found(config_at(config)))
    say(lines(found), [finding._asdict() for finding in found])
    if any(finding.verdict == FAIL for finding in found):
        raise typer.Exit(1)


@SCHEMAS.command("release")
def schemas_release(
    again: Annotated[
        bool, typer.Option("--again", help="In place of the newest, while nobody has it.")
    ] = False,
) -> None:
    """Freeze the schemas in schemas/released, so that whatever is written stays readable.

    \b
    heliograph schemas release
    """
    from heliograph.releasing import release

    done = release(again=again)
    say([done], {"done": done})
