"""A router in force that becomes another: what is decided next goes by all of the new one."""

from pipeline import topics
from pipeline.config import Config
from pipeline.effects import Publish
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.records import MtRejected, MtRouted, MtSubmit, TenantUsage
from pipeline.stops import Stops
from services.router.core import Router
from services.router.routes import Known, Routes
from services.router.standing import Standing
from services.router.usage import Usage, day
from tests.entries import MemoryEntries
from tests.services.router.builders import CONFIG, FAST, NOW_MS, admitted, connector, request, rule

NEW = ConnectorId("new")


def standing() -> Standing:
    def make(config: Config, routes: Routes) -> Router:
        return Router(config, routes, lambda _: True, Stops())

    return Standing(make, CONFIG, Routes("1", (rule("all", "", FAST),)))


def way_of(own: Standing, name: str) -> tuple[str, str]:
    """The submit topic of a message and the version that decided."""
    effects = own.decide(MemoryEntries(), admitted(request(message_id=name)), NOW_MS)
    published = [effect for effect in effects if isinstance(effect, Publish)]
    (submit,) = [p for p in published if isinstance(p.record, MtSubmit)]
    (routed,) = [p.record for p in published if isinstance(p.record, MtRouted)]
    return submit.topic, routed.routes_version


def to_new(known: Known) -> Routes:
    if NEW not in known.connectors:
        raise ConfigError(["there is no connector 'new'"])
    return Routes("2", (rule("all", "", NEW),))


def test_a_new_connector_joins_and_routes_lead_to_it() -> None:
    own = standing()
    assert way_of(own, "a") == (topics.submit(FAST, 2, priority=False), "1")
    more = {**CONFIG.connectors, NEW: connector(generation=3)}
    own.put_config(CONFIG.model_copy(update={"connectors": more}))
    assert way_of(own, "b") == (topics.submit(FAST, 2, priority=False), "1")
    own.put_routes(to_new)
    assert way_of(own, "c") == (topics.submit(NEW, 3, priority=False), "2")


def test_what_other_partitions_have_counted_outlives_a_configuration() -> None:
    usage = Usage()

    def make(config: Config, routes: Routes) -> Router:
        return Router(config, routes, lambda _: True, Stops(), usage=usage)

    tenants = {"default": CONFIG.tenants["default"].model_copy(update={"segments_per_day": 3})}
    config = CONFIG.model_copy(update={"tenants": tenants})
    own = Standing(make, config, Routes("1", (rule("all", "", FAST),)))
    said = TenantUsage(
        tenant="default",
        per="day",
        period=day(NOW_MS).name,
        partition=7,
        count=3,
        at_ms=NOW_MS,
    )
    usage.hear("", said)
    own.put_config(config.model_copy())
    (effect,) = own.decide(MemoryEntries(), admitted(request()), NOW_MS)
    assert isinstance(effect, Publish)
    assert isinstance(effect.record, MtRejected)
    assert effect.record.reason == "quota_exceeded"


def test_another_generation_is_written_to_at_once() -> None:
    own = standing()
    more = {**CONFIG.connectors, FAST: connector(generation=3)}
    own.put_config(CONFIG.model_copy(update={"connectors": more}))
    assert way_of(own, "a") == (topics.submit(FAST, 3, priority=False), "1")
