"""Settings of the correlator: `services.correlator` of heliograph.yaml."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.config import Section

Word = Annotated[str, AfterValidator(str.upper)]


class CorrelatorConfig(Section):
    """Limits of one correlator process."""

    life_s: Annotated[int, Field(ge=3600, le=90 * 86400)] = 7 * 86400
    """How long a segment's receipt can still be joined, and a second one is known as such."""
    grace_s: Annotated[int, Field(ge=0, le=7 * 86400)] = 3600
    """How long after its validity a segment's final receipt may still come."""
    park_s: Annotated[int, Field(ge=1, le=7 * 86400)] = 600
    """How long a receipt waits for its segment before it is an orphan."""
    receipts_window_s: Annotated[int, Field(ge=10, le=3600)] = 60
    """How the receipts of each connector do is told as often."""
    partial_s: Annotated[int, Field(ge=1, le=86400)] = 600
    """How long the parts of an inbound message wait for one another, and how long after it parts
    are still known as repeated."""
    opt_out_words: tuple[Word, ...] = (
        "STOP",
        "STOPALL",
        "UNSUBSCRIBE",
        "CANCEL",
        "END",
        "QUIT",
        "OPTOUT",
        "REVOKE",
        "ARRET",
    )
    """An inbound message that is one of these, in any case, and nothing else: its sender wants no
    more advertisements from the number it wrote to."""
    opt_in_words: tuple[Word, ...] = ("START", "UNSTOP")
    """And one of these: it wants them again."""
    help_words: tuple[Word, ...] = ("HELP", "INFO")
    """And one of these: it asks what the number is; those of a number are in `numbers`, where the
    answers are too."""
