"""The subjects of a registry: as outsiders expect them where they may read, by record elsewhere."""

import pytest

from pipeline import topics
from pipeline.ids import ConnectorId
from pipeline.registry import subject_of

NEW = ConnectorId("new")


@pytest.mark.parametrize(
    ("topic", "record", "subject"),
    [
        ("sms.mt.request", "MtRequest", "sms.mt.request-value"),
        (topics.submitted(NEW, 3), "MtSubmitted", "sms.mt.submitted.new.g3-value"),
        (
            topics.submit(NEW, 3, priority=False),
            "MtSubmit",
            "sms.mt.submit.new.g3-heliograph.MtSubmit",
        ),
        ("sms.tracker.in", "Wake", "sms.tracker.in-heliograph.Wake"),
    ],
)
def test_a_subject_follows_from_the_topic_whoever_is_configured(
    topic: str, record: str, subject: str
) -> None:
    assert subject_of(topic, record) == subject
