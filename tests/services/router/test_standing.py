"""A router in force that becomes another: what is decided next goes by all of the new one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from pipeline import topics
from pipeline.config import Config
from pipeline.effects import Publish
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.records import MtRejected, MtRouted, MtSubmit, TenantUsage
from pipeline.stops import Stops
from services.router.core import Router
from services.router.routes import Changes, Known, Routes
from services.router.standing import Standing
from services.router.usage import Usage, day
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    CONFIG,
    FAST,
    NOW_MS,
    SLOW,
    admitted,
    connector,
    request,
    rule,
)

NEW = ConnectorId("new")
NTH = st.integers(1, 5)


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


def test_a_profile_that_a_rule_names_can_be_taken_away_only_after_that_rule() -> None:
    own = standing()
    changes = Changes(profile="short")
    own.put_routes(lambda _: Routes("2", (rule("all", "", FAST, changes=changes),)))
    without = CONFIG.model_copy(
        update={"profiles": {}, "connectors": {FAST: connector(generation=2)}}
    )
    with pytest.raises(ConfigError, match="profiles: rule 'all' of routes 2 names 'short', which"):
        own.put_config(without)
    own.put_routes(lambda _: Routes("3", (rule("all", "", FAST),)))
    own.put_config(without)
    assert way_of(own, "a") == (topics.submit(FAST, 2, priority=False), "3")


def test_what_is_another_is_in_the_log() -> None:
    own = standing()
    with capture_logs() as log:
        own.put_routes(
            lambda _: Routes("2", (rule("new", "46", SLOW), rule("all", "", FAST, SLOW)))
        )
    assert log == [
        {
            "event": "routes in force",
            "log_level": "info",
            "version": "2",
            "changes": ["+ new", "~ all: pool"],
        }
    ]


Reload = tuple[str, int]  # of what, and to which


@given(
    st.lists(
        st.tuples(
            st.integers(1, 4), st.lists(st.tuples(st.sampled_from(("routes", "config")), NTH))
        )
    )
)
def test_a_reload_never_changes_a_message_half_way(
    told: list[tuple[int, list[Reload]]],
) -> None:
    """Others come while a message is decided, whenever the router looks at the world."""
    coming: list[Reload] = []

    def is_up(_: ConnectorId) -> bool:
        if coming:
            reload(*coming.pop(0))
        return True

    def make(config: Config, routes: Routes) -> Router:
        return Router(config, routes, is_up, Stops())

    def reload(what: str, number: int) -> None:
        if what == "routes":
            own.put_routes(lambda _: version(number))
        else:
            own.put_config(generation(number))

    own = Standing(make, generation(1), version(1))
    for number, (segments, reloads) in enumerate(told):
        begun = own.routes.version, own.config.connectors
        coming[:] = reloads
        record = admitted(request(message_id=f"m{number}", text="x" * (153 * segments)))
        *submits, fact = own.decide(MemoryEntries(), record, NOW_MS)
        assert isinstance(fact.record, MtRouted)
        routed = fact.record
        assert (routed.routes_version, routed.rule) == (begun[0], f"rule-{begun[0]}")
        assert routed.connector == (FAST, SLOW)[int(begun[0]) % 2]
        topic = topics.submit(
            routed.connector, begun[1][routed.connector].generation, priority=False
        )
        assert [submit.topic for submit in submits if isinstance(submit, Publish)] == (
            [topic] * routed.segments
        )
        for nth, submit in enumerate(submits, 1):
            assert isinstance(submit.record, MtSubmit)
            assert (submit.record.segment, submit.record.segments) == (nth, routed.segments)
        while coming:  # and between two messages
            reload(*coming.pop(0))


def version(number: int) -> Routes:
    """Every other one leads elsewhere, and cuts otherwise."""
    pool = ((FAST, SLOW), (SLOW, FAST))[number % 2]
    changes = Changes(profile="short") if number % 3 else Changes()
    return Routes(f"{number}", (rule(f"rule-{number}", "", *pool, changes=changes),))


def generation(number: int) -> Config:
    connectors = {name: connector(generation=number) for name in (FAST, SLOW)}
    return CONFIG.model_copy(update={"connectors": connectors})


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
