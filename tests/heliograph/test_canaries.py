"""Numbers, texts and secrets are found where they must not be, and never shown by the finder."""

import pytest

from heliograph.canaries import EXAMPLES_MAX, Canaries
from heliograph.tallies import Leaks
from pipeline.records import MtRequest

NUMBER = "+46701234567"
TEXT = 'Grattis på födelsedagen "Åsa", vi ses!'
SECRET = "s3cret-word"


def search(*lines: str) -> Leaks:
    canaries = Canaries([SECRET, ""])
    canaries.note_request(MtRequest(to=NUMBER, text=TEXT))
    canaries.note_request(MtRequest(to="not-a-number", text="too short"))
    canaries.note_number("ACME")
    return canaries.search([("router-0.log", lines)])


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"sent to {NUMBER}", "a number"),
        ("sent to 46701234567.", "a number"),
        ('{"to": "46701234567"}', "a number"),
        (f"body: {TEXT}", "a text"),
        ("Grattis på födelsed...", "a text"),
        (r'{"text": "Grattis p\u00e5 f\u00f6delsedagen"}', "a text"),
        (f"password={SECRET}", "a secret"),
    ],
)
def test_what_must_not_show_is_found_and_not_shown_again(line: str, kind: str) -> None:
    found = search("all is well", line)
    assert (found.places, found.found) == (1, 1)
    assert found.examples == (f"router-0.log line 2 shows {kind}",)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "at 1790000046701234567 ns",
        "to ...4567",
        "to 4670123456",
        "too short",
        "Grattis",
        "ACME",
        "not-a-number",
    ],
)
def test_what_only_looks_alike_is_not_found(line: str) -> None:
    assert search(line).found == 0


def test_of_many_only_the_first_are_examples() -> None:
    found = search(*[NUMBER] * 50)
    assert found.found == 50
    assert len(found.examples) == EXAMPLES_MAX


def test_what_was_looked_for_is_counted() -> None:
    assert search().canaries == 4  # a number, a text in two forms, a secret
