"""What the SMSC brings is answered when Kafka has it, and refused as the profile says."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.config import Config, ProfileConfig
from pipeline.connectors import ConnectorConfig
from pipeline.ids import ConnectorId
from pipeline.records import SmscDeliver
from services.binder.config import BinderConfig
from services.binder.deliveries import Deliveries
from smpp.pdu import DeliverSm, Pdu, QuerySm

HERE = ConnectorId("here")


class Bench:
    """Deliveries of one connector, an ESME that notes answers, Kafka that is told to confirm."""

    def __init__(self, **profile: Any) -> None:
        account = ConnectorConfig(
            hosts="h", system_id="s", password="p", rate_per_s=1, profile="mine"
        )
        own = ProfileConfig.model_validate(profile)
        config = Config(dev=True, profiles={"mine": own}, connectors={HERE: account})
        process = SimpleNamespace(config=config, replica="binder-0")
        limits = BinderConfig(delivers_unconfirmed_max=2)
        self.answers: list[int] = []
        self.kept: list[tuple[SmscDeliver, Callable[[bool], None]]] = []
        self.deliveries = Deliveries(HERE, process, limits, self)  # type: ignore[arg-type]

    def deliver(self, record: SmscDeliver, answer: Callable[[bool], None]) -> None:
        self.kept.append((record, answer))

    def respond(self, _pdu: Pdu, command_status: int = 0) -> None:
        self.answers.append(command_status)

    def take(self, pdu: Pdu | None = None) -> None:
        came = pdu or DeliverSm(source_addr_ton=2, source_addr="0701234567")
        self.deliveries.take(0, self, came)  # type: ignore[arg-type]


def test_an_answer_waits_for_kafka() -> None:
    bench = Bench()
    bench.take()
    assert bench.answers == []
    bench.kept[0][1](True)
    assert bench.answers == [0]


@pytest.mark.parametrize(
    ("profile", "refusals"),
    [
        ({}, [0x64]),
        ({"deliver_refusal": "ESME_RMSGQFUL"}, [0x14]),
        ({"deliver_refusal": "no_answer"}, []),
    ],
)
def test_what_cannot_be_kept_is_refused_as_the_profile_says(
    profile: dict[str, Any], refusals: list[int]
) -> None:
    bench = Bench(**profile)
    bench.take()
    bench.kept[0][1](False)
    assert bench.answers == refusals
    for _ in range(3):
        bench.take()
    assert bench.answers == refusals * 2  # two wait for Kafka, which is the limit


def test_what_is_no_deliver_sm_is_not_kept() -> None:
    bench = Bench()
    bench.take(QuerySm())
    assert (bench.answers, bench.kept) == ([0x03], [])


def test_a_national_number_is_a_handset_of_its_country() -> None:
    rules = {"national": {"calling_code": "46", "ton": 2, "npi": 1, "prefix": "0"}}
    bench = Bench(addresses=rules)
    bench.take()
    assert bench.kept[0][0].handset == "46701234567"
