"""Commands about dead letters: `dlq`."""

from typing import Annotated

import typer

from heliograph.completion import dead_letter_topics
from heliograph.options import ConfigOption, config_at
from heliograph.reading import UnmaskedOption
from heliograph.saying import say
from pipeline.errors import HeliographError

LETTERS = typer.Typer()
DLQ = typer.Typer(
    help="Records that nobody could read: what lies there and why, to go again or to be skipped.",
    no_args_is_help=True,
)
LETTERS.add_typer(DLQ, name="dlq")

TopicArgument = Annotated[
    str,
    typer.Argument(
        metavar="TOPIC", help="sms.mt.request.dlq, or so.", autocompletion=dead_letter_topics
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Also those that are dealt with.")]
EveryOption = Annotated[bool, typer.Option("--all", help="As many as are open.")]
CountOption = Annotated[int, typer.Option(min=1, max=100_000, help="So many, the oldest first.")]


@DLQ.command("list")
def dlq_list(with_all: AllOption = False, config: ConfigOption = None) -> None:
    """Say which topics have dead letters, how many, since when and why; ends with 1 if any has.

    \b
    heliograph dlq list
    """
    from heliograph.burying import piles

    found = piles(config_at(config), with_all=with_all)
    say((str(pile) for pile in found) if found else ["no dead letters"], found)
    if found and not with_all:
        raise typer.Exit(1)


@DLQ.command("show")
def dlq_show(
    topic: TopicArgument,
    offset: Annotated[int | None, typer.Option(min=0, help="Only the one at this offset.")] = None,
    count: CountOption = 10,
    with_all: AllOption = False,
    unmasked: UnmaskedOption = False,
    config: ConfigOption = None,
) -> None:
    """Show dead letters of a topic: where they were, why, whether they may go again; masked.

    \b
    heliograph dlq show sms.mt.request.dlq --count 3
    """
    from heliograph.burying import shown, told
    from heliograph.unmasking import allowed

    is_masked = not allowed(unmasked)
    found = shown(config_at(config), topic, offset, count, with_all=with_all, is_masked=is_masked)
    say((line for one in found for line in told(one)) if found else ["none is open"], found)


@DLQ.command("replay")
def dlq_replay(
    topic: TopicArgument,
    count: CountOption = 1,
    everything: EveryOption = False,
    skip: Annotated[bool, typer.Option("--skip", help="Skip what may not go again.")] = False,
    config: ConfigOption = None,
) -> None:
    """Have the oldest go again to where they were; ends with 1 at the first that may not.

    A request goes only while its validity lasts, with what is left of it, under the id it would
    have had: nothing is sent late, or twice.

    \b
    heliograph dlq replay sms.mt.request.dlq --all --skip
    """
    from heliograph.burying import EVERYTHING, replay

    outcome = replay(config_at(config), topic, EVERYTHING if everything else count, skips=skip)
    say(outcome.lines(), outcome)
    if outcome.stays is not None:
        raise typer.Exit(1)


@DLQ.command("skip")
def dlq_skip(
    topic: TopicArgument,
    count: CountOption = 1,
    everything: EveryOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take the oldest for dealt with, without having them go; the topic keeps them for 14 days.

    \b
    heliograph dlq skip sms.command.dlq --yes
    """
    from heliograph.burying import EVERYTHING, skip

    if not yes and not typer.confirm(f"Skip letters of {topic}?", err=True):
        raise HeliographError("nothing was skipped")
    outcome = skip(config_at(config), topic, EVERYTHING if everything else count)
    say(outcome.lines(), outcome)
