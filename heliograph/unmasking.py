"""Numbers and texts, where somebody asks to see them."""

import sys

from pipeline.errors import HeliographError

TO_A_TERMINAL = (
    "--unmasked shows numbers and texts of people, so it writes to a terminal only; leave it out, "
    "or look there"
)


def allowed(wanted: bool) -> bool:
    """Whether to show them; raises HeliographError where they would be kept."""
    if wanted and not sys.stdout.isatty():
        raise HeliographError(TO_A_TERMINAL)
    if wanted:
        print("unmasked: numbers and texts of people follow", file=sys.stderr)
    return wanted
