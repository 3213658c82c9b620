"""What a rule says of failures: what can be written, and what can have no effect, with a place."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from services.router.retries import NEVER, Retry
from services.router.routes import Known
from services.router.routes_file import load_routes
from services.router.trips import HOPS_MAX

KNOWN = Known({ConnectorId("fast"), ConnectorId("slow")})
RULE = "version: 1\nrules:\n- name: a\n  prefix: 46\n"
BOTH, ONE = "  connectors: [fast, slow]\n", "  connectors: [fast]\n"
WEIGHED = "  strategy: weighted\n  connectors: [fast, {name: slow, weight: 0}]\n"


def read(tmp_path: Path, text: str) -> Retry:
    path = tmp_path / "routes.yaml"
    path.write_text(RULE + text, encoding="utf-8")
    (rule,) = load_routes(path, KNOWN).rules
    return rule.retry


@pytest.mark.parametrize(
    ("text", "retry"),
    [
        (BOTH, NEVER),
        (BOTH + "  retry_on: ESME_RSUBMITFAIL", Retry(on=("ESME_RSUBMITFAIL",))),
        (
            BOTH + "  retry_on: [0x45, 69, 0x400, undeliverable]\n  then: next",
            Retry(on=("ESME_RSUBMITFAIL", "0x00000400", "undeliverable")),
        ),
        (
            BOTH + "  retry_on: [expired, rejected, timeout]\n  receipt_within_s: 600",
            Retry(on=("expired", "rejected", "timeout"), receipt_within_s=600),
        ),
        (
            ONE + "  retry_on: [undeliverable]\n  then: later\n  retry_after_s: 300\n  retries: 3",
            Retry(on=("undeliverable",), after_s=300, times=3),
        ),
        (
            f"{ONE}  retry_on: expired\n  then: later\n  retry_after_s: 1\n"
            f"  retries: {HOPS_MAX - 1}",
            Retry(on=("expired",), after_s=1, times=HOPS_MAX - 1),
        ),
    ],
)
def test_what_can_be_written_is_read(tmp_path: Path, text: str, retry: Retry) -> None:
    assert read(tmp_path, text) == retry


NAMES = "none of undeliverable, expired, rejected, timeout, and no status of a refusal such as "
NAMES += "ESME_RSUBMITFAIL or 0x400"
ALONE = "with one connector to go to; add another, or write then: later"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (ONE + "  retry_on: [undeliverable]", [f"6:13: retry_on can have no effect {ALONE}"]),
        (WEIGHED + "  retry_on: [expired]", [f"7:13: retry_on can have no effect {ALONE}"]),
        ("  reject: no\n  retry_on: [expired]", ["6:13: retry_on is of no use with reject"]),
        *(
            (BOTH + f"  retry_on: [expired, {word}]", [f"6:23: retry_on '{word}' is {NAMES}"])
            for word in ("delivered", "deleted", "ESME_ROK", "0", "-1", "0x100000000", "ESME_R")
        ),
        (BOTH + "  retry_on: []", ["6:13: retry_on must be a list with at least one item"]),
        (BOTH + "  retry_on: [timeout]", ["6:13: timeout needs receipt_within_s"]),
        (
            BOTH + "  retry_on: [expired]\n  receipt_within_s: 60",
            ["7:21: receipt_within_s is of no use without timeout in retry_on"],
        ),
        (
            BOTH + "  retry_on: [timeout]\n  receipt_within_s: 0",
            ["7:21: receipt_within_s must be seconds, 1 to 604800, and not '0'"],
        ),
        (
            BOTH + "  retry_on: [expired]\n  then: soon",
            ["7:9: then must be one of next, later"],
        ),
        (
            BOTH + "  retry_on: [expired]\n  then: later",
            ["7:9: then: later needs retry_after_s", "7:9: then: later needs retries"],
        ),
        (
            BOTH + "  retry_on: [expired]\n  retry_after_s: 1\n  retries: 1",
            [
                "7:18: retry_after_s is of no use without then: later",
                "8:12: retries is of no use without then: later",
            ],
        ),
        (
            BOTH + "  retry_on: [expired]\n  then: later\n  retry_after_s: 1\n  retries: 8",
            ["9:12: retries must be a whole number, 1 to 7, and not '8'"],
        ),
        (BOTH + "  then: later", ["6:9: then is of no use without retry_on"]),
        (BOTH + "  retries: 1", ["6:12: retries is of no use without retry_on"]),
    ],
)
def test_what_can_have_no_effect_is_a_fault(tmp_path: Path, text: str, faults: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    told = [fault.removeprefix(f"{tmp_path / 'routes.yaml'}:") for fault in caught.value.faults]
    assert [fault.replace("rule 'a': ", "") for fault in told] == faults
