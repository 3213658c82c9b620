"""What is read beside the topics and the ledgers."""

import pytest

from heliograph.evidence import metrics_at
from pipeline.errors import HeliographError


def test_metrics_that_nobody_serves_are_one_sentence() -> None:
    with pytest.raises(HeliographError, match=r"^the metrics http://127.0.0.1:1 can't be read: "):
        metrics_at("http://127.0.0.1:1")
