"""The demo's requests: every kind, the same for the same seed."""

from collections import Counter

from heliograph.traffic import SHARES, sendings
from pipeline.codec import Codec


def test_every_kind_comes_and_a_seed_repeats_them() -> None:
    codec = Codec()
    first = list(sendings(2000, 1, codec, "run"))
    assert first == list(sendings(2000, 1, codec, "run"))
    kinds = Counter(sending.kind for sending in first)
    assert kinds.keys() == SHARES.keys()
    assert 800 < kinds["plain"] < 1100


def test_half_is_json_and_half_avro_and_both_say_who_they_are() -> None:
    codec = Codec()
    forms: Counter[bytes] = Counter()
    for sending in sendings(1000, 2, codec, "run"):
        forms[sending.value[:1]] += 1
        assert codec.decode_request(sending.value).message_id == sending.message_id
    assert forms.keys() == {b"{", b"\xc3"}
    assert min(forms.values()) > 400


def test_a_repeat_has_the_id_of_an_earlier_request() -> None:
    seen: set[str] = set()
    for sending in sendings(1000, 3, Codec(), "run"):
        assert (sending.message_id in seen) == (sending.kind in ("repeat", "mismatch"))
        seen.add(sending.message_id)
