"""Our own numbers as they are configured: what is meant by what people write to each of them.

numbers:
  "12345":
    keywords: [INFO, {word: VOTE, match: prefix, aliases: [RÖSTA]}]
    help_words: [HJÄLP]
    replies: {stop: You get no more from us., help: Write VOTE and a letter.}
    votes:
      - name: song-contest
        keyword: VOTE
        opens: 2026-12-01T20:00:00+01:00
        closes: 2026-12-01T22:00:00+01:00
        options: {A: [ANNA], B: []}
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.sections import Section

PUNCTUATION = " \t\r\n.,:;!?\"'()<>#*-–—“”„«»"
WORD_CHARACTERS_MAX = 40
TOPIC_WORD = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,38}[A-Z0-9])?")


def bare(text: str) -> str:
    """What two writings of a word have in common: no case, no punctuation around it."""
    return normalize("NFKC", text).casefold().strip(PUNCTUATION)


def digits_of(number: str) -> str:
    """An own number as it is compared: carriers write it with + and without."""
    return number.removeprefix("+")


def _as_text(written: Any) -> Any:
    """YAML 1.1 reads NO and ON without quotes as truth values, and 010 as 8."""
    is_read_otherwise = isinstance(written, bool | int | float)
    if is_read_otherwise:
        raise ValueError(f"YAML reads this as {written!r}; write it in quotes")
    return written


def _is_word(word: str) -> str:
    if not bare(word) or len(word) > WORD_CHARACTERS_MAX:
        raise ValueError(
            f"{word!r} is no word; write up to {WORD_CHARACTERS_MAX} characters, "
            "one of them no punctuation"
        )
    return word


def _is_single(word: str) -> str:
    if len(word.split()) > 1:
        raise ValueError(f"{word!r} is several words; write one")
    return word


def _names_topic(word: str) -> str:
    if not TOPIC_WORD.fullmatch(word.upper()):
        raise ValueError(
            f"{word!r} can't name a topic; write letters a to z, digits and - between them, "
            "and other writings as aliases"
        )
    return word.upper()


def _is_moment(written: Any) -> Any:
    can_be_one = isinstance(written, str | datetime)
    if not can_be_one:
        raise ValueError("is no moment; write one such as 2026-12-01T20:00:00+01:00")
    return written


def _has_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("has no time zone; write one such as 2026-12-01T20:00:00+01:00")
    return moment


Phrase = Annotated[str, BeforeValidator(_as_text), AfterValidator(_is_word)]
Word = Annotated[Phrase, AfterValidator(_is_single)]
Moment = Annotated[datetime, BeforeValidator(_is_moment), AfterValidator(_has_zone)]
OwnNumber = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^\+?[0-9]{3,15}$")]
Reply = Annotated[str, Field(min_length=1, max_length=1000)]


class KeywordConfig(Section):
    """A word that a message may begin with; such messages have a topic of their own."""

    word: Annotated[Word, AfterValidator(_names_topic)]
    aliases: tuple[Word, ...] = ()
    match: Literal["exact", "prefix"] = "exact"
    """prefix: the first word may go on, as in VOTEA for VOTE."""

    @property
    def words(self) -> tuple[str, ...]:
        """All that it is written as, bare."""
        return tuple(map(bare, (self.word, *self.aliases)))


def _as_keyword(written: Any) -> Any:
    return {"word": written} if isinstance(written, str) else written


Keyword = Annotated[KeywordConfig, BeforeValidator(_as_keyword)]


class VoteConfig(Section):
    """Who writes the keyword and an option while the vote is open has voted."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    """Of this vote for ever: what was counted is counted under it."""
    keyword: str
    opens: Moment
    closes: Moment
    """The first moment that is late."""
    per_number: Literal["one", "many"] = "one"
    """How often a number may vote."""
    options: Annotated[
        dict[Phrase, Annotated[tuple[Phrase, ...], Field(max_length=100)]],
        Field(min_length=1, max_length=200),
    ]
    """Each with what else it is written as."""

    @property
    def opens_ms(self) -> int:
        """When, ms."""
        return round(self.opens.timestamp() * 1000)

    @property
    def closes_ms(self) -> int:
        """When, ms."""
        return round(self.closes.timestamp() * 1000)

    @model_validator(mode="after")
    def _can_be_won(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("closes: is not after opens")
        written = [bare(w) for option, others in self.options.items() for w in (option, *others)]
        if twice := _twice(written):
            raise ValueError(f"options: {twice!r} stands there twice; write it once")
        return self


class RepliesConfig(Section):
    """What is answered to a word for which there is a text, once a day and number."""

    stop: Reply | None = None
    start: Reply | None = None
    help: Reply | None = None


class NumberConfig(Section):
    """One of our numbers."""

    tenant: str = "default"
    """Whose it is: as whom is answered."""
    keywords: tuple[Keyword, ...] = ()
    opt_out_words: tuple[Word, ...] = ()
    """Beside those of `services.correlator`, as the next two."""
    opt_in_words: tuple[Word, ...] = ()
    help_words: tuple[Word, ...] = ()
    replies: RepliesConfig = RepliesConfig()
    votes: tuple[VoteConfig, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether there is anything to answer."""
        return any((self.replies.stop, self.replies.start, self.replies.help))

    @model_validator(mode="after")
    def _words_mean_one_thing(self) -> Self:
        faults = []
        if twice := _twice([word for keyword in self.keywords for word in keyword.words]):
            faults.append(f"keywords: {twice!r} stands there twice; write it once")
        known = {keyword.word for keyword in self.keywords}
        for vote in self.votes:
            if vote.keyword.upper() not in known:
                names = ", ".join(sorted(known)) or "none"
                faults.append(f"votes: {vote.name}: keyword: is none of `keywords` ({names})")
        in_order = sorted(self.votes, key=lambda vote: (vote.keyword.upper(), vote.opens))
        for one, other in pairwise(in_order):
            if one.keyword.upper() == other.keyword.upper() and other.opens < one.closes:
                faults.append(
                    f"votes: {one.name} and {other.name} are open at once under one keyword; "
                    "give one of them another"
                )
        if faults:
            raise ValueError("\n".join(faults))
        return self


def _twice(words: list[str]) -> str | None:
    return next((word for word, count in Counter(words).items() if count > 1), None)


def faults(
    numbers: Mapping[str, NumberConfig], senders: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """What is wrong with `numbers` together, a sentence each; `senders` are those by tenant."""
    if twice := _twice(list(map(digits_of, numbers))):
        yield f"numbers.{twice}: stands there twice, with + and without; write it once"
    if twice := _twice([vote.name for number in numbers.values() for vote in number.votes]):
        yield f"numbers: votes: {twice!r} is the name of two votes; call one of them otherwise"
    for name, number in numbers.items():
        if number.tenant not in senders:
            known = ", ".join(senders) or "none"
            yield f"numbers.{name}.tenant: there is no tenant {number.tenant!r} ({known})"
        elif number.answers and digits_of(name) not in map(digits_of, senders[number.tenant]):
            yield (
                f"numbers.{name}.replies: tenant {number.tenant} may not send from {name}; add it "
                f"to tenants.{number.tenant}.senders"
            )


def keywords(numbers: Mapping[str, NumberConfig]) -> set[str]:
    """The keywords of all of them."""
    return {keyword.word for number in numbers.values() for keyword in number.keywords}
