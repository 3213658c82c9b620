"""The text of a replace_sm: in the data_coding of the submit, in one segment, or refused."""

import pytest

from pipeline.profiles import ProfileConfig
from services.router.policy import Refusal
from services.router.rewording import OTHER_ALPHABET, TOO_LONG, short_message

PLAIN = ProfileConfig()
TURKISH = ProfileConfig(languages=["turkish"])


@pytest.mark.parametrize(
    ("text", "data_coding", "profile", "octets"),
    [
        ("n\u00e9w", 0x00, PLAIN, b"n\x05w"),
        ("new", 0x10, PLAIN, b"new"),
        ("new", 0x08, PLAIN, b"\0n\0e\0w"),
        ("\u043d", 0x18, PLAIN, b"\x04\x3d"),
        ("x" * 160, 0x00, PLAIN, b"x" * 160),
        ("x" * 70, 0x08, PLAIN, b"\0x" * 70),
        ("x" * 161, 0x00, PLAIN, TOO_LONG),
        ("x" * 71, 0x08, PLAIN, TOO_LONG),
        ("x" * 40_000, 0x00, PLAIN, TOO_LONG),
        ("\u043d", 0x00, PLAIN, OTHER_ALPHABET),
        ("\u015f", 0x00, TURKISH, OTHER_ALPHABET),
        ("new", 0x04, PLAIN, OTHER_ALPHABET),
        ("new", None, PLAIN, OTHER_ALPHABET),
    ],
)
def test_a_new_text_fits_the_submit_or_is_refused(
    text: str, data_coding: int | None, profile: ProfileConfig, octets: bytes | Refusal
) -> None:
    assert short_message(text, data_coding, profile) == octets
