"""What a handset's correlator reads, with defaults, and a correlator with its memory."""

from typing import Any

from pipeline.config import Config, ProfileConfig, TenantConfig
from pipeline.connectors import ConnectorConfig
from pipeline.effects import Effect, Publish, PublishLater
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.numbers import NumberConfig
from pipeline.records import Dlr, Mo, MtSubmitted, SmscDeliver, Tlv, Wake
from services.correlator.config import CorrelatorConfig
from services.correlator.core import Correlator, HandsetFact
from services.correlator.counting import CountingCorrelator
from services.correlator.segments import Row
from tests.builders import smsc_deliver
from tests.entries import MemoryEntries

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
HANDSET = Msisdn("46701234567")
FAST, SLOW, TWIN, FAR, PLAIN, PACKED, TEST = (
    ConnectorId(name) for name in ("fast", "slow", "twin", "far", "plain", "packed", "test")
)


def connector(profile: str, **changed: Any) -> ConnectorConfig:
    own = {"profile": profile, "hosts": "h", "system_id": "s", "password": "p", "rate_per_s": 1}
    return ConnectorConfig(**{**own, **changed})


NUMBER = NumberConfig.model_validate(
    {
        "keywords": [
            {"word": "vote", "aliases": ["RÖSTA"]},
            {"word": "PAY", "match": "prefix", "aliases": ["BETALA"]},
            {"word": "PAYBACK", "match": "prefix"},
            "STOP",
        ],
        "opt_out_words": ["STOPP"],
        "help_words": ["HJÄLP"],
        "replies": {"stop": "You get no more from us.", "help": "Write VOTE and A or B."},
        "votes": [
            {
                "name": "contest",
                "keyword": "vote",
                "opens": "2026-09-21T12:00:00Z",
                "closes": "2026-09-22T12:00:00Z",
                "options": {"A": ["ANNA", "Anna Ek"], "B": []},
            },
            {
                "name": "encore",
                "keyword": "vote",
                "opens": "2026-09-23T12:00:00Z",
                "closes": "2026-09-24T12:00:00Z",
                "per_number": "many",
                "options": {"A": [], "B": []},
            },
        ],
    }
)


CONFIG = Config(
    dev=True,
    profiles={
        "bare": ProfileConfig(
            correlate_by="id", id_in_response="hexadecimal", id_in_receipt="decimal"
        ),
        "echo": ProfileConfig(user_message_reference=True),
        "hex": ProfileConfig(id_in_response="hexadecimal", id_in_receipt="decimal"),
        "one": ProfileConfig(carrier_domain="carrier"),
        "packed": ProfileConfig(default_alphabet="latin1", default_alphabet_mo="gsm7_packed"),
        "swapped": ProfileConfig(receipt_handset="destination"),
        "plain": ProfileConfig(receipts_by_text=True, default_alphabet="latin1"),
    },
    connectors={
        "bare": connector("bare"),
        "swapped": connector("swapped"),
        "echo": connector("echo"),
        "fast": connector("default"),
        "far": connector("hex"),
        "packed": connector("packed"),
        "plain": connector("plain"),
        "slow": connector("one"),
        "test": connector("default", sandbox=True),
        "twin": connector("one"),
    },
    tenants={
        "default": TenantConfig(senders=["12345", "+46765000000"]),
        "trial": TenantConfig(senders=["54321"], test=True),
    },
    numbers={
        "12345": NUMBER,
        "+46765000000": NumberConfig.model_validate({"replies": {"start": "Welcome back."}}),
        "54321": NumberConfig.model_validate({"tenant": "trial", "replies": {"help": "A trial."}}),
        "77777": NumberConfig(),
    },
)
OWN = CorrelatorConfig()


class Handset:
    """The correlator's view of one handset; time only moves when it is told to."""

    def __init__(self, config: Config = CONFIG, key: str = HANDSET) -> None:
        self.state = MemoryEntries()
        self.state.now_ms = NOW_MS
        self.correlator: Correlator | CountingCorrelator = Correlator(
            config, OWN, lambda: self.state.now_ms / 1000
        )
        self.state.key = key
        self.timers: list[PublishLater] = []

    def tell(self, *facts: HandsetFact, after_ms: int = 0) -> list[Effect]:
        self.state.now_ms += after_ms
        effects: list[Effect] = []
        for fact in facts:
            effects += self.correlator.decide(self.state, fact, self.state.now_ms)
        self.timers += [effect for effect in effects if isinstance(effect, PublishLater)]
        return effects

    def ring(self, kind: str) -> list[Effect]:
        """Let the time of the timers of a kind come."""
        due = [timer for timer in self.timers if isinstance(timer.record, Wake)]
        due = [t for t in due if isinstance(t.record, Wake) and t.record.kind == kind]
        effects: list[Effect] = []
        for timer in sorted(due, key=lambda t: t.due_ms):
            self.timers.remove(timer)
            self.state.now_ms = max(self.state.now_ms, timer.due_ms)
            assert isinstance(timer.record, Wake)
            assert (timer.topic, timer.key) == ("sms.correlator.in", self.state.key)
            effects += self.tell(timer.record)
        return effects


def published(effects: list[Effect], topic: str) -> list[Publish]:
    return [e for e in effects if isinstance(e, Publish) and e.topic == topic]


def dlrs(effects: list[Effect], topic: str = "sms.dlr") -> list[Dlr]:
    found = [effect.record for effect in published(effects, topic)]
    return [record for record in found if isinstance(record, Dlr)]


def mos(effects: list[Effect]) -> list[Mo]:
    found = published(effects, "sms.mo")
    assert all(effect.key == HANDSET for effect in found)
    return [effect.record for effect in found if isinstance(effect.record, Mo)]


def accepted(smsc_message_id: str = "1a2b3c4d", message: str = "m1", **changed: Any) -> MtSubmitted:
    return MtSubmitted(
        **{
            "message_id": MessageId(message),
            "segment": 1,
            "segments": 1,
            "hop": 0,
            "connector": FAST,
            "recipient": HANDSET,
            "sender": "ACME",
            "tenant": "default",
            "class_": "transactional",
            "outcome": "accepted",
            "command_status": 0,
            "smsc_message_id": smsc_message_id,
            "receipt_expected": True,
            "replica": "binder-0",
            "bind": 0,
            "attempt": 1,
            "submit_lane": "normal",
            "submit_partition": 0,
            "submit_offset": 42,
            "requested_ms": NOW_MS - 100,
            "submitted_ms": NOW_MS - 50,
            "answered_ms": NOW_MS - 10,
            "deadline_ms": NOW_MS + DAY_MS,
            **changed,
        }
    )


def deliver(**changed: Any) -> SmscDeliver:
    return smsc_deliver(**{"connector": FAST, "destination_addr": "12345", **changed})


def receipt(
    smsc_message_id: str = "1a2b3c4d", stat: str = "DELIVRD", **changed: Any
) -> SmscDeliver:
    text = (
        f"id:{smsc_message_id} sub:001 dlvrd:001 submit date:2609220000 done date:2609220001"
        f" stat:{stat} err:000 text:"
    )
    return deliver(**{"esm_class": 4, "short_message": text.encode(), **changed})


def part(number: int, total: int, octets: bytes, reference: int = 7, **changed: Any) -> SmscDeliver:
    header = bytes((5, 0, 3, reference, total, number))
    return deliver(**{"esm_class": 0x40, "short_message": header + octets, **changed})


def part_16(number: int, total: int, octets: bytes, reference: int = 700) -> SmscDeliver:
    header = bytes((6, 8, 4, reference >> 8, reference & 0xFF, total, number))
    return deliver(esm_class=0x40, short_message=header + octets)


def part_sar(number: int, total: int, octets: bytes, reference: int = 700) -> SmscDeliver:
    tlvs = (
        Tlv(tag=0x020C, value=reference.to_bytes(2, "big")),
        Tlv(tag=0x020E, value=bytes((total,))),
        Tlv(tag=0x020F, value=bytes((number,))),
    )
    return deliver(short_message=octets, tlvs=tlvs)


def row(smsc_message_id: str, message: str = "m1", **changed: Any) -> Row:
    """A segment that was accepted a second ago, kept for a day."""
    return Row(
        **{
            "domain": "fast",
            "smsc_message_id": smsc_message_id,
            "message_id": MessageId(message),
            "segment": 1,
            "segments": 1,
            "hop": 0,
            "tenant": "default",
            "sender": "12345",
            "connector": FAST,
            "submitted_ms": NOW_MS - 1000,
            "answered_ms": NOW_MS - 900,
            "until_ms": NOW_MS + 86_400_000,
            **changed,
        }
    )
