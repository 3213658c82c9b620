"""WBXML alone, with a vocabulary of its own; `test_push` has the published examples."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.applications.wbxml import Tag, Vocabulary, read, write
from smpp.errors import ContentError

WORDS = Vocabulary(
    public_id=0x0F,
    tags={0x05: "list", 0x06: "item"},
    starts={
        0x05: ("to", ""),
        0x06: ("to", "http://"),
        0x07: ("to", "http://www."),
        0x08: ("is", "new"),
        0x09: ("at", ""),
    },
    values={0x85: ".com/", 0x86: ".com/shop"},
)
BARE = Vocabulary(public_id=0x80, tags={0x05: "a"}, starts={0x05: ("b", "")}, values={})
HEAD = "020f6a00"
STRINGS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ATTRIBUTES = st.lists(
    st.one_of(
        st.tuples(
            st.just("to"), STRINGS | st.sampled_from(["http://www.a.com/", ".com/.com/shop"])
        ),
        st.tuples(st.just("is"), STRINGS.map(lambda text: "new" + text)),
        st.tuples(st.just("at"), st.binary(max_size=9)),
    ),
    max_size=3,
).map(tuple)
TAGS = st.recursive(
    st.builds(Tag, st.sampled_from(["list", "item"]), ATTRIBUTES),
    lambda tags: st.builds(
        Tag,
        st.sampled_from(["list", "item"]),
        ATTRIBUTES,
        st.lists(tags | STRINGS | st.binary(max_size=9), max_size=4).map(tuple),
    ),
    max_leaves=6,
)


def octets(document: str) -> bytes:
    return bytes.fromhex(document)


@pytest.mark.parametrize(
    ("tag", "document"),
    [
        (Tag("list"), "05"),
        (Tag("list", (("is", "new"),)), "850801"),
        (Tag("list", (("is", "newer"),)), "850803657200" + "01"),
        (Tag("list", (("to", ""),)), "850501"),
        (Tag("list", (("to", "http://a"),)), "850603610001"),
        (Tag("list", (("to", "http://www.a"),)), "850703610001"),
        (Tag("list", (("to", "a.com/shop"),)), "85050361008601"),
        (Tag("list", (("to", "a.com/b"),)), "850503610085" + "036200" + "01"),
        (Tag("list", (("at", b"\x19\x99"),)), "8509c302199901"),
        (Tag("list", (), ("ж",)), "4503d0b60001"),
        (Tag("list", (), (Tag("item"), b"x")), "4506c3017801"),
        (Tag("list", (("is", "new"),), (Tag("item", (), ("a",)),)), "c50801" + "4603610001" + "01"),
    ],
)
def test_a_document_of_tokens(tag: Tag, document: str) -> None:
    assert write(tag, WORDS) == octets(HEAD + document)
    assert read(octets(HEAD + document), WORDS) == tag


@pytest.mark.parametrize(
    ("document", "tag"),
    [
        ("010f6a00" + "05", Tag("list")),  # WBXML 1.1
        ("030f6a00" + "05", Tag("list")),
        ("020f0400" + "4503e90001", Tag("list", (), ("é",))),  # Latin-1
        ("020f0300" + "4503610001", Tag("list", (), ("a",))),  # ASCII
        ("020f6a0461006200" + "4583008302" + "01", Tag("list", (), ("a", "b"))),  # string table
        (HEAD + "45028836" + "01", Tag("list", (), ("ж",))),  # entity
        ("020f6a026100" + "0400", Tag("a")),  # a literal name
        ("020f6a026100" + "c400" + "0400036200" + "01" + "01", Tag("a", (("a", "b"),))),
        (HEAD + "8505036100" + "0262" + "01", Tag("list", (("to", "ab"),))),
        (HEAD + "05" + "00ff", Tag("list")),  # octets after it
        ("0281006a00" + "05", Tag("a")),  # a longer public id
    ],
)
def test_other_writers_use_more_of_the_format(document: str, tag: Tag) -> None:
    assert read(octets(document), WORDS, BARE) == tag


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("", "ends after 0"),
        ("000f6a0005", "version 0x00"),
        ("02016a0005", "unknown type 0x01"),
        ("020f0500" + "05", "charset 5"),
        ("020f6aff7f", "too early"),
        (HEAD, "ends after 4"),
        (HEAD + "07", "token 0x07"),
        (HEAD + "43", "token 0x43"),
        (HEAD + "4543", "token 0x43"),
        (HEAD + "45c0", "token 0xC0"),
        (HEAD + "45", "ends after 5"),
        (HEAD + "850a", "token 0x0A"),
        (HEAD + "8500", "token 0x00"),
        (HEAD + "850587", "token 0x87"),
        (HEAD + "850580", "token 0x80"),
        (HEAD + "450361", "does not end"),
        (HEAD + "4503ff00", "is no utf-8"),
        (HEAD + "458300", "no string at 0"),
        (HEAD + "4502c4800001", "entity 0x110000"),
        (HEAD + "450283b00001", "entity 0xD800"),
        (HEAD + "8505c301610362000101", "amid the text"),
        (HEAD + "45" * 100, "deeper than 16"),
        (HEAD + "05" * 36_000, "octets, at most"),
    ],
)
def test_what_is_no_document_is_refused(document: str, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        read(octets(document), WORDS)


def test_a_string_table_cannot_be_quoted_without_end() -> None:
    table = b"x" * 9_999 + b"\0"
    head = bytes.fromhex("020f6a") + bytes((0x80 | 10_000 >> 7, 10_000 & 0x7F)) + table
    with pytest.raises(ContentError, match="octets of text"):
        read(head + b"\x45" + b"\x83\x00" * 9 + b"\x01", WORDS)


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        (Tag("page"), "no <page>"),
        (Tag("list", (("from", "a"),)), "no from='a'"),
        (Tag("list", (("is", "old"),)), "no is='old'"),
        (Tag("list", (("is", b"new"),)), "no is=b'new'"),
        (Tag("list", (), ("a\0b",)), "NUL"),
        (Tag("list", (), ("\ud800",)), "surrogate"),
    ],
)
def test_what_the_format_lacks_is_not_written(tag: Tag, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        write(tag, WORDS)


def test_a_vocabulary_may_lack_values() -> None:
    tag = Tag("a", (("b", "x.com/"),))
    assert read(write(tag, BARE), BARE) == tag


@given(TAGS)
def test_what_is_written_is_read(tag: Tag) -> None:
    assert read(write(tag, WORDS), WORDS) == tag


@given(st.binary(max_size=60), st.booleans())
def test_of_any_octets_only_the_typed_error_comes(found: bytes, has_head: bool) -> None:
    with suppress(ContentError):
        read(bytes.fromhex(HEAD) * has_head + found, WORDS)
