"""What is said of schemas: whether all that is out can be read, and what a registry lacks."""

import pytest

from heliograph import subjects
from heliograph.diagnosis import FAIL, OK, WARN, Finding
from heliograph.subjects import schemas_found, subjects_found
from pipeline.broker import free_port
from pipeline.config import Config, KafkaConfig
from pipeline.errors import ConfigError


def of_registry(monkeypatch: pytest.MonkeyPatch, lacking: dict[str, bool]) -> list[Finding]:
    """What is found where a registry lacks these, each of which it would take or not."""

    class Registry:
        def lacking(self, _: object) -> dict[str, bool]:
            return lacking

    monkeypatch.setattr(subjects, "registry", lambda _: Registry())
    return [found for found in subjects_found(Config()) if found.check == "registry"]


def test_todays_schemas_can_read_all_that_is_out() -> None:
    assert [found.verdict for found in schemas_found()] == [OK]


def test_what_can_not_be_read_any_more_is_told_and_what_is_not_released_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subjects, "faults", lambda _: ["release 1, Wake: is no record any more"])
    monkeypatch.setattr(subjects, "unreleased", lambda _: {"Stop": {}})
    broken, new = schemas_found()
    assert (broken.verdict, broken.says) == (FAIL, "release 1, Wake: is no record any more")
    assert (new.verdict, "Stop" in new.says, "schemas release" in new.do) == (WARN, True, True)


def test_without_a_registry_there_is_nothing_to_ask() -> None:
    (found,) = [found for found in subjects_found(Config()) if found.check == "registry"]
    assert (found.verdict, found.says) == (OK, "none is configured")


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        ({}, [(OK, "")]),
        ({"a-value": True}, [(FAIL, "schemas push")]),
        ({"a-value": False}, [(FAIL, "by whom")]),
        ({"a-value": True, "b-value": False}, [(FAIL, "schemas push"), (FAIL, "by whom")]),
    ],
)
def test_a_subject_that_lacks_is_pushed_and_one_that_is_another_looked_into(
    monkeypatch: pytest.MonkeyPatch, lacking: dict[str, bool], expected: list[tuple[str, str]]
) -> None:
    found = of_registry(monkeypatch, lacking)
    assert [one.verdict for one in found] == [verdict for verdict, _ in expected]
    assert all(words in one.do for one, (_, words) in zip(found, expected, strict=True))


def test_a_registry_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCHEMA_REGISTRY_URL", raising=False)
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ConfigError, match=r"can't be asked about sms\.mt\.request-value"):
        list(subjects_found(Config(kafka=KafkaConfig(schema_registry_url=url))))
