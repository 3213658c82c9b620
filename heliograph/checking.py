"""Commands that check what everything stands on, or put it there: `topics` and `schemas`."""

from typing import Annotated

import typer

from heliograph.options import ConfigOption, config_at
from pipeline.errors import ConfigError

CHECKING = typer.Typer()
TOPICS = typer.Typer(help="The topics of schemas/topics.yaml.", no_args_is_help=True)
SCHEMAS = typer.Typer(help="The schemas and their registry.", no_args_is_help=True)
CHECKING.add_typer(TOPICS, name="topics")
CHECKING.add_typer(SCHEMAS, name="schemas")


@TOPICS.command("apply")
def topics_apply(config: ConfigOption = None) -> None:
    """Create the topics that are missing."""
    from pipeline.kafka.admin import create_topics
    from pipeline.process import catalog

    loaded = config_at(config)
    created = create_topics(loaded.kafka, catalog(loaded))
    print(*created, f"{len(created)} topics created", sep="\n")


@SCHEMAS.command("push")
def schemas_push(config: ConfigOption = None) -> None:
    """Register every schema in the registry that is configured."""
    from pipeline.process import catalog, registry

    loaded = config_at(config)
    schemas = registry(loaded)
    if schemas is None:
        raise ConfigError(["kafka.schema_registry_url: not set, there is no registry"])
    subjects = schemas.push(catalog(loaded))
    print(*subjects, f"{len(subjects)} subjects registered", sep="\n")


@SCHEMAS.command("release")
def schemas_release(
    again: Annotated[
        bool, typer.Option("--again", help="In place of the newest, while nobody has it.")
    ] = False,
) -> None:
    """Freeze the schemas in schemas/released, so that whatever is written stays readable."""
    from heliograph.releasing import release

    print(release(again=again))
