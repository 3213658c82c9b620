"""The figures of a sandbox as Prometheus reads them."""

from contextlib import closing

from pipeline.metrics import Metrics
from services.sandbox.measured import measure
from tests.services.sandbox.loopback import bound, sandbox
from tests.services.sandbox.test_http import client

REFUSES_TWO = 'responses: {statuses: [{status: ESME_RMSGQFUL, suffix: "2"}]}'


async def test_each_account_shows_its_binds_and_what_it_did() -> None:
    with closing(Metrics("sandbox", "measured")) as metrics:
        async with sandbox(REFUSES_TWO) as own, client(own) as http, bound(own) as handset:
            measure(own, metrics)
            for number in (1, 2, 3):
                await handset.submit(number, registered_delivery=0)
            shown = (await http.get("/metrics")).text
    for line in (
        'sms_sandbox_binds{account="one"} 1.0',
        'sms_sandbox_binds{account="two"} 0.0',
        'sms_sandbox_submits_total{account="one"} 3.0',
        'sms_sandbox_refused_total{account="one"} 1.0',
        'sms_sandbox_waiting{account="one"} 0.0',
    ):
        assert line in shown.splitlines()
