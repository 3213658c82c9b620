"""How often one recipient hears from a tenant: never more than the limit in any window."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.limits import RecipientLimitConfig
from services.router.frequency import Frequency
from tests.entries import MemoryEntries
from tests.services.router.builders import NOW_MS


def limit(messages: int, per_s: int, **more: Any) -> RecipientLimitConfig:
    return RecipientLimitConfig.model_validate({"messages": messages, "per_s": per_s, **more})


def sent(own: Frequency, state: MemoryEntries, class_: str, now_ms: int) -> bool:
    state.now_ms = now_ms
    if own.full(state, class_, now_ms) is not None:
        return False
    own.note(state, class_, now_ms)
    return True


@given(
    gaps_ms=st.lists(st.integers(0, 8000), max_size=60),
    messages=st.integers(1, 5),
    per_s=st.integers(1, 10),
)
def test_no_window_has_more_and_nothing_is_refused_that_fits(
    gaps_ms: list[int], messages: int, per_s: int
) -> None:
    own, state, now_ms = Frequency("bank", [limit(messages, per_s)]), MemoryEntries(), NOW_MS
    times: list[int] = []
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        lately = [at for at in times if at > now_ms - per_s * 1000]
        assert sent(own, state, "otp", now_ms) is (len(lately) < messages)
        if len(lately) < messages:
            times.append(now_ms)


@given(st.integers(1, 5), st.integers(1, 600), st.lists(st.integers(0, 2000), max_size=10))
def test_when_it_may_be_tried_again_it_may_and_not_before(
    messages: int, per_s: int, gaps_ms: list[int]
) -> None:
    own, state, now_ms = Frequency("bank", [limit(messages, per_s)]), MemoryEntries(), NOW_MS
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        sent(own, state, "otp", now_ms)
    full = own.full(state, "otp", now_ms)
    if full is not None:
        assert now_ms < full[1] <= now_ms + per_s * 1000
        assert own.full(state, "otp", full[1] - 1) is not None
        assert own.full(state, "otp", full[1]) is None


@pytest.mark.parametrize(
    ("classes", "allowed"),
    [
        (["otp", "otp", "otp"], [True, True, False]),
        (["otp", "billed", "otp", "billed"], [True, True, True, False]),
        (["billed", "billed", "billed", "otp"], [True, True, True, False]),
    ],
)
def test_a_limit_counts_its_class_and_one_without_class_counts_all(
    classes: list[str], allowed: list[bool]
) -> None:
    own = Frequency("bank", [limit(2, 60, **{"class": "otp"}), limit(3, 60)])
    state = MemoryEntries()
    assert [sent(own, state, class_, NOW_MS) for class_ in classes] == allowed


def test_what_a_recipient_hears_from_one_tenant_is_no_other_tenants_limit() -> None:
    bank, shop = (Frequency(name, [limit(1, 60)]) for name in ("bank", "shop"))
    state = MemoryEntries()
    assert sent(bank, state, "otp", NOW_MS)
    assert sent(shop, state, "otp", NOW_MS)
    assert not sent(bank, state, "otp", NOW_MS)


def test_an_entry_holds_as_many_times_as_the_limit_allows() -> None:
    own, state = Frequency("bank", [limit(3, 1)]), MemoryEntries()
    sizes = set()
    for second in range(50):
        assert sent(own, state, "otp", NOW_MS + second * 1000)
        ((octets, _),) = state.octets.values()
        sizes.add(len(octets))
    assert len(sizes) == 3
