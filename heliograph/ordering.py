"""Commands about single messages: `message` and `unresolved`."""

from typing import Annotated

import typer

from heliograph.options import ConfigOption, config_at
from heliograph.saying import say

MESSAGE = typer.Typer(
    help="Ask for one message, cancel it, or give it another text; by any system on sms.command.",
    no_args_is_help=True,
)
UNRESOLVED = typer.Typer(
    help="Segments of which nobody knows whether the SMSC has them, with `on_ambiguous: ask`.",
    no_args_is_help=True,
)

WaitOption = Annotated[float, typer.Option(min=0, help="Seconds to wait for the answer.")]


def _order(
    action: str, message_id: str, wait: float, text: str | None, config: ConfigOption
) -> None:
    from heliograph.commanding import ask, lines, result_of
    from pipeline.ids import MessageId
    from pipeline.records import Command

    loaded = config_at(config)
    command = Command(message_id=MessageId(message_id), action=action, text=text)
    name = ask(loaded, command)
    result = result_of(loaded, name, wait)
    if result is None:
        late = f"no answer within {wait:g} s; it will stand in sms.command.result as {name}"
        say([late], {"command_id": name, "outcome": None})
        raise typer.Exit(1)
    say(lines(result), result)
    if result.outcome != "done":
        raise typer.Exit(1)


@MESSAGE.command("query")
def message_query(message_id: str, wait: WaitOption = 10, config: ConfigOption = None) -> None:
    """Ask the SMSCs that have it in what state it is.

    Ends with 1 when none could say, or nothing came within --wait.

    \b
    heliograph message query hello-2
    """
    _order("query", message_id, wait, None, config)


@MESSAGE.command("cancel")
def message_cancel(message_id: str, wait: WaitOption = 10, config: ConfigOption = None) -> None:
    """Stop it wherever it is: before it is sent, or at the SMSC while it is not delivered.

    Ends with 1 when it was not stopped, or nothing came within --wait.

    \b
    heliograph message cancel hello-2 --wait 30
    """
    _order("cancel", message_id, wait, None, config)


@MESSAGE.command("replace")
def message_replace(
    message_id: str,
    text: Annotated[str, typer.Option(help="The new text.")],
    wait: WaitOption = 10,
    config: ConfigOption = None,
) -> None:
    """Give it another text: before it is sent, or at the SMSC if it has one segment.

    Ends with 1 when it keeps its text, or nothing came within --wait.

    \b
    heliograph message replace hello-2 --text "hello again"
    """
    _order("replace", message_id, wait, text, config)


@UNRESOLVED.command("list")
def unresolved_list(config: ConfigOption = None) -> None:
    """List what waits for somebody to judge it.

    \b
    heliograph unresolved list
    """
    from heliograph.unresolved import documents, doubts, lines
    from pipeline.kafka.clients import now_ms

    found = doubts(config_at(config))
    say(lines(found, now_ms()), documents(found))


@UNRESOLVED.command("resend")
def unresolved_resend(message_ids: list[str], config: ConfigOption = None) -> None:
    """Send it again, while it is valid: the recipient may get it twice.

    \b
    heliograph unresolved resend hello-2
    """
    from heliograph.unresolved import resend

    count = resend(config_at(config), message_ids)
    say([f"{count} segments are sent again"], {"segments": count})


@UNRESOLVED.command("fail")
def unresolved_fail(message_ids: list[str], config: ConfigOption = None) -> None:
    """Take it for not sent: it ends as rejected.

    \b
    heliograph unresolved fail hello-2 hello-3
    """
    from heliograph.unresolved import fail

    count = fail(config_at(config), message_ids)
    say([f"{count} segments have ended as rejected"], {"segments": count})
