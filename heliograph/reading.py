"""Commands that read what has become of messages: `trace`."""

import typer

from heliograph.options import ConfigOption, config_at
from pipeline.errors import HeliographError

READING = typer.Typer()


@READING.command()
def trace(message_id: str, config: ConfigOption = None) -> None:
    """Tell the story of one SMS from the topics."""
    from heliograph.events import events_of
    from pipeline.process import make_codec
    from pipeline.story import tell

    loaded = config_at(config)
    steps = tell(events_of(message_id, loaded, make_codec(loaded)))
    if not steps:
        raise HeliographError(f"no event speaks of a message {message_id!r}")
    for step in steps:
        print(step)
