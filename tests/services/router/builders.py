"""Records and a router with defaults: a test spells out only what matters to it."""

from collections.abc import Collection
from typing import Any

from pipeline.config import Config, ProfileConfig, TenantConfig
from pipeline.connectors import ConnectorConfig
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.records import MtAdmitted, MtHead, MtRequest
from pipeline.stops import Stops
from services.router.core import Router
from services.router.routes import Routes, Rule, Way

NOW_MS = 1_750_000_000_000
DAY_S = 86_400
CONTENTS = {"binary", "wap_push", "mms_notification", "vcard", "message_waiting"}
FAST, SLOW, SHORT = ConnectorId("fast"), ConnectorId("slow"), ConnectorId("short")


def connector(**changed: Any) -> ConnectorConfig:
    needed = {"hosts": ("h",), "system_id": "s", "password": "p", "rate_per_s": 1}
    return ConnectorConfig(**{**needed, **changed})


CONFIG = Config(
    dev=True,
    profiles={
        "ledger": ProfileConfig(ledger_tlv=0x1400, receipts="last"),
        "short": ProfileConfig(segmentation="udh8"),
    },
    connectors={
        FAST: connector(generation=2),
        SLOW: connector(profile="ledger"),
        SHORT: connector(profile="short"),
    },
    tenants={
        "default": TenantConfig(senders=["ACME", "72000"]),
        "abroad": TenantConfig(senders=["+12345678"]),
        "mute": TenantConfig(),
        "brief": TenantConfig(senders=["ACME"], validity_s=60),
    },
)


def rule(name: str, prefix: str, *connectors: ConnectorId, **more: Any) -> Rule:
    pool = tuple(Way(connector) for connector in connectors)
    return Rule(**{"name": name, "prefixes": (prefix,), "pool": pool, **more})


ROUTES = Routes(
    "v1",
    (
        rule("sweden", "46", FAST, SLOW),
        rule("norway", "47", SLOW),
        rule("finland", "358", SHORT),
        rule("premium", "4690", reject="premium_number"),
    ),
)


def router(
    up: Collection[ConnectorId] = (FAST, SLOW, SHORT),
    routes: Routes = ROUTES,
    stops: Stops | None = None,
) -> Router:
    return Router(CONFIG, routes, lambda connector: connector in up, stops or Stops())


def request(**changed: Any) -> MtRequest:
    content = {} if CONTENTS & changed.keys() else {"text": "hello"}
    return MtRequest(**{"message_id": "m1", "to": "+46701234567", **content, **changed})


def admitted(
    asked: MtRequest | None = None,
    *,
    recipient: str = "46701234567",
    tenant: str = "default",
    lane: str = "normal",
    source: str = "sms.mt.request/0/1",
    requested_ms: int = NOW_MS - 10,
    due: bool = False,
) -> MtAdmitted:
    asked = asked or request()
    head = MtHead(
        message_id=MessageId(asked.message_id or "m1"),
        recipient=Msisdn(recipient),
        tenant=tenant,
        lane=lane,
        class_=asked.class_,
        campaign=asked.campaign,
        caller_data=asked.caller_data,
        requested_ms=requested_ms,
    )
    return MtAdmitted(head=head, request=asked, source=source, admitted_ms=NOW_MS - 5, due=due)
