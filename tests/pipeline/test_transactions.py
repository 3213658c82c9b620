"""A transaction that ends too slowly is not trusted, one that does not end is ended."""

import subprocess
import sys
import time

import pytest

from pipeline.transactions import GRACE_S, SlowTransactionError, watched

HANGS = """
import time
from pipeline.transactions import watched
watched(time.sleep, limit_s=0.01)(60)
"""


def test_a_transaction_that_ends_too_slowly_ends_the_process() -> None:
    with pytest.raises(SlowTransactionError):
        watched(lambda: time.sleep(0.02), limit_s=0.01)()


def test_a_transaction_in_time_is_trusted_and_its_answer_passed_on() -> None:
    assert watched(lambda value: value + 1, limit_s=5)(1) == 2


def test_the_timer_ends_with_the_transaction() -> None:
    watched(lambda: None, limit_s=0.01)()
    time.sleep(GRACE_S + 0.1)


def test_a_transaction_that_never_ends_is_the_end_of_the_process_and_says_where() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in timed" in done.stderr
