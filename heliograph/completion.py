"""What a shell is told when it asks how a word on the command line may go on.

Names are those of the configuration that stands on the line already, or of the packaged example.
Nothing is asked of Kafka, and what is wrong is no reason to disturb who types: then there are none.
"""

from collections.abc import Callable, Iterable

import typer

from heliograph.options import config_at
from pipeline.config import Config
from pipeline.errors import HeliographError

Names = Callable[[typer.Context, str], list[str]]


def _named(names: Callable[[Config], Iterable[str]]) -> Names:
    """Completes to `names` of the configuration."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        try:
            found = names(config_at(context.params.get("config")))
        except (HeliographError, OSError, ValueError):
            return []
        return sorted(name for name in found if name.startswith(incomplete))

    return complete


def service_names(incomplete: str) -> list[str]:
    """Those that `doctor` knows."""
    from heliograph.doctor import SERVICES

    return [name for name in SERVICES if name.startswith(incomplete)]


def _topics(config: Config) -> Iterable[str]:
    from pipeline.process import catalog

    return [topic.name for topic in catalog(config)]


def _dead_topics(config: Config) -> Iterable[str]:
    from pipeline.burials import dead_topics
    from pipeline.process import catalog

    return dead_topics(catalog(config))


connector_names = _named(lambda config: config.connectors)
tenant_names = _named(lambda config: config.tenants)
topic_names = _named(_topics)
dead_letter_topics = _named(_dead_topics)
