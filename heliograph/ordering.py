"""Commands about single messages: `unresolved`."""

import typer

from heliograph.options import ConfigOption, config_at

UNRESOLVED = typer.Typer(
    help="Segments of which nobody knows whether the SMSC has them, with `on_ambiguous: ask`.",
    no_args_is_help=True,
)


@UNRESOLVED.command("list")
def unresolved_list(config: ConfigOption = None) -> None:
    """List what waits for somebody to judge it."""
    from heliograph.unresolved import doubts, lines
    from pipeline.kafka.clients import now_ms

    print(*lines(doubts(config_at(config)), now_ms()), sep="\n")


@UNRESOLVED.command("resend")
def unresolved_resend(message_ids: list[str], config: ConfigOption = None) -> None:
    """Send it again, while it is valid: the recipient may get it twice."""
    from heliograph.unresolved import resend

    print(f"{resend(config_at(config), message_ids)} segments are sent again")


@UNRESOLVED.command("fail")
def unresolved_fail(message_ids: list[str], config: ConfigOption = None) -> None:
    """Take it for not sent: it ends as rejected."""
    from heliograph.unresolved import fail

    print(f"{fail(config_at(config), message_ids)} segments have ended as rejected")
