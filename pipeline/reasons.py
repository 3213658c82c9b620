"""Reasons in words that a support desk can say; pure."""


def in_words(reason: str, command_status: int | None = None) -> str:
    """Why something ended as it did, of a reason that a record tells and, if known, the status."""
    return reason
