"""A scenario is data: checked whole, every fault at once, the built-in ones are good."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from services.sandbox import scenario
from services.sandbox.scenario import Scenario
from smpp.values import CommandStatus, MessageState


def faults(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        scenario.parse(text, "mine")
    return "\n".join(error.value.faults)


@pytest.mark.parametrize("name", scenario.names())
def test_a_built_in_scenario_loads_and_knows_its_name(name: str) -> None:
    assert scenario.find(name).name == name


def test_fast_has_no_limit_and_slow_is_as_the_demo_tells() -> None:
    fast, slow = scenario.find("fast"), scenario.find("slow")
    assert (fast.limits.rate_per_s, fast.limits.window, fast.limits.binds) == (None, None, None)
    assert (fast.responses.latency_ms.min, fast.responses.latency_ms.max) == (2, 5)
    assert (slow.message_ids.in_response, slow.message_ids.in_receipt) == ("hexadecimal", "decimal")
    assert slow.receipts.early_share == 0.1
    assert slow.receipts.twice_share > 0
    assert slow.limits.rate_per_s == 400
    assert slow.outcomes[0].state is MessageState.UNDELIVERABLE


def test_an_empty_file_is_a_scenario_that_does_no_harm() -> None:
    assert scenario.parse("", "mine") == Scenario(name="mine")


def test_every_fault_is_reported_at_once_with_its_place() -> None:
    text = faults(
        """
        respnses: {}
        responses:
          latency_ms: {min: 9, max: 3}
          statuses: [{status: ESME_RNONSENSE, share: 2}]
        limits: {rate_per_s: 0}
        message_ids: {in_response: uuid, in_receipt: roman}
        receipts: {text: false, tlv: false}
        outcomes: [{state: ENROUTE}]
        """
    )
    for words in (
        "scenario mine: respnses: there is no such setting",
        "responses.latency_ms: min 9 is above max 3",
        "responses.statuses.0.status: there is no CommandStatus 'ESME_RNONSENSE'",
        "responses.statuses.0.share",
        "limits.rate_per_s",
        "message_ids.in_receipt",
        "receipts: a receipt needs text, tlv or both",
        "outcomes.0: ENROUTE is no outcome",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("responses: [", "is not YAML"),
        ("- a list", "must be a mapping, not a list"),
        ("message_ids: {in_response: uuid}", "a UUID has one notation only"),
        ("responses: {latency_ms: {distribution: normal}}", "normal needs median"),
        (
            "responses: {latency_ms: {distribution: exponential, median: 5}}",
            "exponential needs a max, over which nothing is drawn",
        ),
        (
            "responses: {latency_ms: {max: 9, distribution: normal, median: 5, p99: 4}}",
            "median 5 is not below p99 4",
        ),
        ("receipts: {dialect: martian}", "dialect: there is no 'martian'; standard, seconds"),
        ("outcomes: [{from_s: 5, until_s: 5}]", "from_s 5 is not before until_s 5"),
        ("base: [fast, nowhere]", "scenario nowhere: no built-in one: fast, hostile"),
        ("base: 5", "base: must be a name, a path, or a list of them"),
        ("faults: [{fault: reset}]", "reset: needs one of share, after, every_s"),
        ("faults: [{fault: reset, share: 1, after: 1}]", "reset: needs one of share, after"),
        ("faults: [{fault: never_answer_bind, after: 1}]", "never_answer_bind: goes by share"),
        ("faults: [{fault: wrong_sequence, every_s: 1}]", "happens to an answer, so not every_s"),
        ("faults: [{fault: late_response, share: 1}]", "late_response: needs after_ms"),
        ("faults: [{fault: enquire_flood, share: 1}]", "enquire_flood: needs count"),
        ("faults: [{fault: reset, share: 1, count: 2}]", "count: belongs to enquire_flood only"),
        ("faults: [{fault: reset, share: 1, command_length: 2}]", "belongs to command_length only"),
        ("limits: {bucket: 5}", "bucket: only leaky counting has one"),
        ("limits: {ghosts_s: 5}", "ghosts_s: means nothing where binds are not limited"),
    ],
)
def test_a_fault_is_one_clear_sentence(text: str, words: str) -> None:
    assert words in faults(text)


def test_an_unknown_name_lists_the_built_in_ones() -> None:
    with pytest.raises(ConfigError, match="no built-in one: fast, hostile, slow"):
        scenario.find("nowhere")


def test_statuses_and_states_are_written_by_name_and_read_back() -> None:
    text = "responses: {statuses: [{status: ESME_RMSGQFUL, share: 0.5}]}"
    found = scenario.parse(text, "mine")
    assert found.responses.statuses[0].status is CommandStatus.ESME_RMSGQFUL
    written = found.model_dump_json()
    assert '"ESME_RMSGQFUL"' in written
    assert scenario.parse(written, "") == found


@pytest.mark.parametrize("name", scenario.names())
def test_a_built_in_scenario_can_be_read_and_put_back(name: str) -> None:
    found = scenario.find(name)
    assert scenario.parse(found.model_dump_json(), "") == found


def test_a_scenario_is_composed_from_others_later_ones_winning_key_by_key() -> None:
    found = scenario.parse(
        "{base: [fast, slow], limits: {binds: 9}, receipts: {never_share: 0.5}}", "mine"
    )
    slow = scenario.find("slow")
    assert found.limits == slow.limits.model_copy(update={"binds": 9})
    assert found.receipts == slow.receipts.model_copy(update={"never_share": 0.5})
    assert found.outcomes == slow.outcomes


def test_a_file_may_stand_on_files_and_a_text_may_not(tmp_path: Path) -> None:
    under, over = tmp_path / "under.yaml", tmp_path / "over.yaml"
    under.write_text("limits: {binds: 9}", encoding="utf-8")
    over.write_text(text := f"base: [slow, {under}]", encoding="utf-8")
    found = scenario.find(str(over))
    assert (found.limits.binds, found.limits.window) == (9, 20)
    under.write_text("secret: is: not YAML", encoding="utf-8")
    assert faults(text) == f"scenario {under}: no built-in one: {', '.join(scenario.names())}"


def test_a_scenario_that_stands_on_itself_is_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(f"base: {two}", encoding="utf-8")
    two.write_text(f"base: {one}", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        scenario.find(str(one))
    assert "goes in a circle" in error.value.faults[0]
