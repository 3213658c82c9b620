"""Commands that read what is there: `trace` and `pdu` about one SMS, `tail` about a topic."""

from typing import Annotated

import typer

from heliograph.completion import topic_names
from heliograph.options import ConfigOption, config_at
from heliograph.saying import say

READING = typer.Typer()

IdOrNumber = Annotated[
    str, typer.Argument(metavar="ID|NUMBER", help="Its message_id, or the recipient's number.")
]
UnmaskedOption = Annotated[
    bool, typer.Option("--unmasked", help="Show numbers and texts; to a terminal only.")
]


@READING.command()
def trace(
    wanted: IdOrNumber,
    why: Annotated[bool, typer.Option("--why", help="Only one sentence, to be told on.")] = False,
    topics: Annotated[
        bool, typer.Option("--topics", help="Ask the topics, whatever the search view says.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Tell the story of one SMS, or of the newest to a number.

    From the search view of telemetry where that is up and knows it, else from the topics: of a
    number those that were asked for within 72 hours.

    \b
    heliograph trace hello-2
    heliograph trace +46701234567 --why
    """
    from heliograph.tracing import traces

    found = traces(config_at(config), wanted, from_topics=topics)
    several = len(found) > 1
    lines = (
        line
        for one in found
        for line in ([f"{one.message_id}:"] if several else []) + list(one.lines(is_brief=why))
    )
    say(lines, found)


@READING.command()
def tail(
    topic: Annotated[
        str,
        typer.Argument(
            help="Any topic of ours, also one of dead letters.", autocompletion=topic_names
        ),
    ],
    where: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=VALUE: only these; head.tenant=acme goes deeper."),
    ] = None,
    message_id: Annotated[str | None, typer.Option(help="Only what is about this one.")] = None,
    since: Annotated[str, typer.Option(help="From how long ago: 30s, 10m, 2h, 7d, all.")] = "10m",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="And what comes.")] = False,
    unmasked: UnmaskedOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the records of a topic, decoded, as they come; with --json one a line.

    What is asked for by --where is compared unmasked.

    \b
    heliograph tail sms.mt.event --since 2h --where state=rejected
    heliograph tail sms.dlr --follow --where connector=slow
    heliograph tail sms.mt.status --since all --message-id hello-2
    """
    from heliograph.tailing import Wanted, lines_of, tailed
    from heliograph.unmasking import allowed

    wanted = Wanted.of(where or (), message_id, since)
    is_masked = not allowed(unmasked)
    loaded = config_at(config)
    for shown in tailed(loaded, topic, wanted, follow=follow, is_masked=is_masked):
        say(lines_of(shown), shown)


@READING.command()
def pdu(wanted: IdOrNumber, unmasked: UnmaskedOption = False, config: ConfigOption = None) -> None:
    """Show the PDUs of one SMS as they went over the wire, in hex and decoded, for a carrier.

    They are made anew from what the topics keep: submit_sm and its answer for 72 hours, receipts
    for 7 days. What no record keeps is 0: sequence_number, and of a deliver_sm what says nothing
    there, as priority_flag. Of a segment that a carrier put off, the last attempt is shown.

    Masked ones are as long as they were: of numbers the middle is replaced, of texts every
    character, of other values all octets.

    \b
    heliograph pdu hello-2
    """
    from heliograph.exchanges import exchanges
    from heliograph.unmasking import allowed

    found = exchanges(config_at(config), wanted, is_masked=not allowed(unmasked))
    say((line for one in found for line in one.lines()), [one.document() for one in found])
