"""What each consumer group of ours reads."""

from collections.abc import Mapping

from pipeline import topics
from pipeline.config import Config
from pipeline.ids import ConnectorId

COMMANDS_GROUP = "smsc-commands"  # binders, as far as they ask SMSCs about messages


def reads(config: Config) -> dict[str, list[str]]:
    """The topics of every group that the rest depends on; a binder's of all generations."""
    found = {
        "intake": [
            topics.COMMAND,
            *topics.requests(config.tenants),
            *(topics.wait(ConnectorId(name)) for name in config.connectors),
        ],
        "router": [topics.ROUTER_IN],
        "correlator": [topics.CORRELATOR_IN],
        "tracker": [topics.TRACKER_IN],
        "scheduler": list(topics.TIMER_WAIT_S),
    }
    found[COMMANDS_GROUP] = [topics.command(ConnectorId(name)) for name in config.connectors]
    for name, connector in config.connectors.items():
        found[f"binder-{name}"] = [
            topics.submit(ConnectorId(name), generation, priority=priority)
            for generation in connector.generations
            for priority in (True, False)
        ]
    return found


def reader_of(config: Config) -> Mapping[str, str]:
    """The group that reads a topic, by topic."""
    return {topic: group for group, read in reads(config).items() for topic in read}
