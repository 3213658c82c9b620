"""The figures of a sandbox as metrics, read when somebody asks: a submit_sm costs nothing more."""

from collections.abc import Callable, Collection, Mapping
from functools import partial

from pipeline.instruments import MetricName
from pipeline.metrics import Metrics
from services.sandbox.accounts import Account
from services.sandbox.smsc import Sandbox
from smpp.values import CommandStatus


def _submits(account: Account) -> int:
    return sum(account.statuses.values())


FIGURES: Mapping[MetricName, Callable[[Account], int]] = {  # of an account
    "sms.sandbox.binds": lambda account: len(account.binds),
    "sms.sandbox.submits": _submits,
    "sms.sandbox.refused": lambda account: (
        _submits(account) - account.statuses.get(CommandStatus.ESME_ROK, 0)
    ),
    "sms.sandbox.waiting": lambda account: len(account.outbox),
}
GROWING: Collection[MetricName] = {"sms.sandbox.submits", "sms.sandbox.refused"}


def measure(sandbox: Sandbox, metrics: Metrics) -> None:
    """Have `metrics` read the figures of each account."""
    for name, account in sandbox.accounts.items():
        for metric, read in FIGURES.items():
            watch = metrics.growing if metric in GROWING else metrics.gauge
            watch(metric, partial(read, account), account=name)
