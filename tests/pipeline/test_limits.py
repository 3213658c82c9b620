"""How much a tenant may send, as it is configured."""

from pathlib import Path

import pytest

from pipeline.config import TenantConfig, load
from pipeline.errors import ConfigError


def read(folder: Path, tenant: str) -> TenantConfig:
    path = folder / "heliograph.yaml"
    path.write_text(f"tenants: {{bank: {tenant}}}", encoding="utf-8")
    return load(path).tenants["bank"]


def test_limits_are_read_by_the_names_they_have_in_the_file(tmp_path: Path) -> None:
    bank = read(
        tmp_path,
        """{
          segments_per_s: 50, segments_per_day: 10000, segments_per_month: 200000,
          recipient_limits: [{class: otp, messages: 5, per_s: 600}, {messages: 20, per_s: 86400}],
          pumping: {messages: 30, allow: ["4670"]}}""",
    )
    assert (bank.segments_per_s, bank.segments_per_day, bank.segments_per_month) == (
        50,
        10_000,
        200_000,
    )
    assert [(own.class_, own.messages) for own in bank.recipient_limits] == [("otp", 5), (None, 20)]
    assert bank.pumping is not None
    assert (bank.pumping.per_s, bank.pumping.last_digits, bank.pumping.classes) == (
        3600,
        4,
        ("otp",),
    )


@pytest.mark.parametrize(
    ("tenant", "words"),
    [
        ("{segments_per_day: 0}", "tenants.bank.segments_per_day: Input should be greater"),
        ("{requests_per_s: 5}", "tenants.bank.requests_per_s: there is no such setting"),
        ("{recipient_limits: [{messages: 101, per_s: 60}]}", "recipient_limits.0.messages"),
        ("{recipient_limits: [{class: code, messages: 1, per_s: 60}]}", "recipient_limits.0.class"),
        (
            "{recipient_limits: [{messages: 1, per_s: 60}, {messages: 2, per_s: 60}]}",
            "tenants.bank: recipient_limits: two of all classes per 60 s; keep one of them",
        ),
        ("{pumping: {messages: 3, last_digits: 7}}", "tenants.bank.pumping.last_digits"),
        ("{pumping: {messages: 3, allow: ['+46']}}", "tenants.bank.pumping.allow.0"),
    ],
)
def test_a_limit_that_can_not_be_meant_is_told_with_its_place(
    tmp_path: Path, tenant: str, words: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, tenant)
    assert words in "\n".join(error.value.faults)
