"""What a reader takes for one character: extended grapheme clusters, Unicode UAX #29 section 3.1.

Only the rules that keep characters together are here, and from `unicodedata`, which does not tell
pictograms: so nothing is parted after a joiner, whatever follows. Other places are looser than the
annex too (pieces of Hangul, Myanmar vowels), and none is stricter.
"""

from unicodedata import category, combining

PLAIN_BELOW = "\u0300"  # the first combining mark
JOINER = "\u200d"
VIRAMA = 9  # a combining class: joins the letters of a conjunct, rule GB9c


def _characters(*ranges: tuple[int, int]) -> frozenset[str]:
    return frozenset(chr(code) for first, last in ranges for code in range(first, last + 1))


EXTENDERS = _characters(  # besides marks
    (0x0E33, 0x0E33),  # Thai and Lao am
    (0x0EB3, 0x0EB3),
    (0x1160, 0x11FF),  # vowels and finals of Hangul in pieces
    (0xD7B0, 0xD7FB),
    (0x200C, 0x200D),
    (0xFF9E, 0xFF9F),  # voiced marks of halfwidth Katakana
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # tags, in flags of regions
)
PREPENDED = _characters(  # to what follows them
    (0x0600, 0x0605),  # signs before Arabic and Syriac numbers
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x0D4E, 0x0D4E),  # signs before letters of India
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x111C2, 0x111C3),
    (0x1193F, 0x1193F),
    (0x11941, 0x11941),
    (0x11A3A, 0x11A3A),
    (0x11A84, 0x11A89),
    (0x11D46, 0x11D46),
    (0x1100, 0x115F),  # leading consonants of Hangul in pieces
    (0xA960, 0xA97C),
)
REGIONAL = _characters((0x1F1E6, 0x1F1FF))  # two are a flag


def last(text: str) -> int:
    """The offset of the last cluster of `text`; 0 for a text of one or none."""
    at = max(len(text) - 1, 0)
    while at and _is_within(text, at):
        at -= 1
    return at


def _is_within(text: str, at: int) -> bool:
    """Whether a cut at this offset would part a cluster."""
    before, after = text[at - 1], text[at]
    if before < PLAIN_BELOW and after < PLAIN_BELOW:
        return before == "\r" and after == "\n"
    if before in REGIONAL and after in REGIONAL:
        return _regional_count(text, at) % 2 == 1
    return (
        after in EXTENDERS
        or before == JOINER
        or before in PREPENDED
        or category(after)[0] == "M"
        or (combining(before) == VIRAMA and category(after) == "Lo")
    )


def _regional_count(text: str, end: int) -> int:
    """How many regional indicators are before `end`: flags are counted off in twos."""
    first = end
    while first and text[first - 1] in REGIONAL:
        first -= 1
    return end - first
