"""A transaction that ends too slowly is not trusted."""

import time

import pytest

from pipeline.transactions import SlowTransactionError, watched


def test_a_transaction_that_ends_too_slowly_ends_the_process() -> None:
    with pytest.raises(SlowTransactionError):
        watched(lambda: time.sleep(0.02), limit_s=0.01)()


def test_a_transaction_in_time_is_trusted_and_its_answer_passed_on() -> None:
    assert watched(lambda value: value + 1, limit_s=5)(1) == 2
