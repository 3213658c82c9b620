"""The looks that `heliograph doctor` takes, one after the other: nothing is written anywhere."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from heliograph import diagnosis
from heliograph.binds import BOUND, DRAINED, known, look
from heliograph.diagnosis import FAIL, OK, WARN, Finding, Resource, Written
from heliograph.reaching import bind_once, left_s
from heliograph.routing import summary
from heliograph.sights import asked_twice
from heliograph.subjects import subjects_found
from pipeline import topics
from pipeline.asking import answer_of
from pipeline.config import Config, Section, load, section
from pipeline.connectors import ConnectorConfig
from pipeline.errors import ConfigError, HeliographError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import differences, group_operations, operations
from pipeline.kafka.clients import now_ms
from pipeline.kafka.groups import partition_counts
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog, make_codec
from pipeline.readers import reads
from pipeline.records import ConnectorState
from pipeline.room import MIB, free_octets
from services.binder.accounts import ways
from services.binder.certificates import own_expires_s
from services.binder.config import BinderConfig
from services.binder.statuses import deliver_refusal, dispositions
from services.correlator.config import CorrelatorConfig
from services.intake.config import IntakeConfig
from services.router.config import RouterConfig
from services.telemetry.config import TelemetryConfig, serving
from services.tracker.config import TrackerConfig
from smpp.errors import LinkError, TlsError

SECTIONS: Mapping[str, type[Section]] = {
    "binder": BinderConfig,
    "correlator": CorrelatorConfig,
    "intake": IntakeConfig,
    "router": RouterConfig,
    "telemetry": TelemetryConfig,
    "tracker": TrackerConfig,
}
TELEMETRY = "telemetry"
SERVICES = ("intake", "router", "binder", "correlator", "tracker", "scheduler", TELEMETRY)
OPERATION_OF = {"readers": "READ", "writers": "WRITE"}
HTTP_TIMEOUT_S = 5.0
RESTING = frozenset({"scheduler"})  # what it is behind is what waits for its time


def examine(path: Path, services: Sequence[str], *, looks_apart_s: float) -> list[Finding]:
    """Every finding about the pipeline that the configuration at `path` describes.

    `services` are those whose rights are looked at; progress is looked at twice, so far apart.
    """
    found, config, has_secrets = _configured(path)
    if config is None:
        return found
    broker = _taken("broker", partial(_broker, config))
    found += broker
    if all(finding.verdict != FAIL for finding in broker):
        found += _taken("topics", partial(_topics, config))
        found += _taken("acls", partial(_rights, config, services))
        found += _taken("clocks", partial(_clocks, config))
        found += _taken("binds", partial(_binds, config))
        found += _taken("progress", partial(_progress, config, looks_apart_s))
    found += _taken("routes", partial(_routes, config))
    found += _taken("schemas", partial(subjects_found, config))
    for name, account in config.connectors.items():
        found += _taken(f"smsc {name}", partial(_smsc, name, account, tls=has_secrets))
    found += _taken("state disk", partial(_room, config))
    found += _taken("telemetry", partial(_telemetry, config))
    return found


def bound(path: Path, connectors: Iterable[str]) -> list[Finding]:
    """What comes of binding once to each host of these connectors, and unbinding.

    Raises HeliographError for one there is not, or whose secrets are not there.
    """
    config = load(path)
    names = [name for one in connectors for name in known(config, one)]
    return [
        finding
        for name in names
        for finding in _taken(f"bind {name}", partial(_bind, name, config.connectors[name]))
    ]


def _taken(name: str, see: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a look has found; one that could not be taken is a finding too."""
    try:
        return list(see())
    except HeliographError as error:
        return [Finding(name, FAIL, str(error).replace("\n", "; "))]
    except Exception as error:  # a doctor that falls ill helps nobody: the other looks are taken
        return [Finding(name, FAIL, f"could not be looked at: {error!r}")]


def _configured(path: Path) -> tuple[list[Finding], Config | None, bool]:
    """The findings, the configuration if it can be used at all, and whether with its secrets."""
    try:
        config, has_secrets, found = load(path), True, list[Finding]()
    except ConfigError as error:
        try:
            config, has_secrets = load(path, with_secrets=False), False
        except ConfigError:
            return [Finding("config", FAIL, fault) for fault in error.faults], None, False
        found = [Finding("config", WARN, fault) for fault in error.faults]
        do = "run doctor where services run, in their environment"
        found.append(Finding("config", WARN, "TLS needs them, and is not tried", do))
    found += [Finding("config", FAIL, fault) for fault in _faults(config)]
    if not found:
        found = [Finding("config", OK, f"{path} is whole")]
    return found, config, has_secrets


def _faults(config: Config) -> Iterator[str]:
    """What a service would say of it before it ends."""
    looks: list[Callable[[], object]] = [
        partial(section, config, service, model) for service, model in SECTIONS.items()
    ]
    looks.append(lambda: serving(config, section(config, TELEMETRY, TelemetryConfig)))
    for name in map(ConnectorId, config.connectors):
        looks.append(partial(dispositions, name, config.profile(name)))
        looks.append(partial(deliver_refusal, name, config.profile(name)))
    told = set[str]()
    for look_at in looks:
        try:
            look_at()
        except ConfigError as error:
            yield from (fault for fault in error.faults if fault not in told)
            told.update(error.faults)


def _routes(config: Config) -> Iterator[Finding]:
    yield Finding("routes", OK, str(summary(config, None)))


def _broker(config: Config) -> Iterator[Finding]:
    begun = time.monotonic()
    count = len(partition_counts(config.kafka))
    took_s = time.monotonic() - begun
    yield diagnosis.of_broker(config.kafka.bootstrap_servers, took_s, count)


def _topics(config: Config) -> Iterator[Finding]:
    every = catalog(config)
    return diagnosis.of_topics(len(every), differences(config.kafka, every))


def _rights(config: Config, services: Sequence[str]) -> Iterator[Finding]:
    needed: dict[Resource, set[str]] = {}
    for topic in catalog(config):
        for kind, operation in OPERATION_OF.items():
            if set(services) & set(getattr(topic, kind)):
                needed.setdefault(Resource("topic", topic.name), set()).add(operation)
    for group in (*reads(config), TELEMETRY):
        if (group if group in SERVICES else "binder") in services:
            needed[Resource("group", group)] = {"READ"}
    allowed = {
        Resource(kind, name): own
        for kind, ask in {"topic": operations, "group": group_operations}.items()
        for name, own in ask(config.kafka, [r.name for r in needed if r.kind == kind]).items()
    }
    whose = "every service" if len(services) == len(SERVICES) else ", ".join(services)
    return diagnosis.of_operations(needed, allowed, whose)


def _clocks(config: Config) -> Iterator[Finding]:
    codec, newest = make_codec(config), None
    for message in read_to_end(config.kafka, [topics.CONNECTOR_STATE]):
        try:
            state = codec.decode(message.value(), ConnectorState)
        except UnreadableError:
            continue
        newest = Written(state.replica, state.at_ms, message.timestamp()[1])
    return diagnosis.of_clocks(newest, now_ms())


def _binds(config: Config) -> Iterator[Finding]:
    found = look(config, [ConnectorId(name) for name in config.connectors])
    for name in config.connectors:
        own = [bind for bind in found.binds if bind.connector == name]
        rests = name in found.drained
        bad = [bind for bind in own if bind.state != (DRAINED if rests else BOUND)]
        if bad:
            why = {
                f"{b.state}: {b.told.reason}" if b.told and b.told.reason else b.state for b in bad
            }
            says = f"{len(bad)} of {len(own)} are not {DRAINED if rests else BOUND}"
            do = f"heliograph binds list {name}"
            yield Finding(f"binds {name}", FAIL, f"{says} ({', '.join(sorted(why))})", do)
        elif rests:
            do = f"heliograph binds resume {name}, when it may send again"
            yield Finding(f"binds {name}", WARN, "drained, as somebody wants it", do)
        else:
            yield Finding(f"binds {name}", OK, f"all {len(own)} are bound")


def _progress(config: Config, apart_s: float) -> Iterator[Finding]:
    """By the lag that `heliograph lag` tells: what is paused, or waits by design, is none."""
    drained = look(config, [ConnectorId(name) for name in config.connectors]).drained
    groups = reads(config).keys() - RESTING - {f"binder-{name}" for name in drained}
    before, after = (
        {one.name: (asked.done[one.name], one.lag) for one in asked.groups if one.name in groups}
        for asked in asked_twice(config, apart_s)
    )
    return diagnosis.of_progress(before, after, apart_s)


def _smsc(name: str, account: ConnectorConfig, *, tls: bool) -> Iterator[Finding]:
    """A connection to each host and, where it may be made, TLS; no bind."""
    own, context = account.tls, None
    if own is not None and tls:
        try:
            context = ways(account)[False].configs[0].ssl
        except TlsError as error:
            yield Finding(f"smsc {name}", FAIL, str(error), f"correct connectors.{name}.tls")
            return
    if own is not None and (ends_s := own_expires_s(own.certificate_file)) is not None:
        yield diagnosis.of_certificate(name, "our", ends_s - time.time())
    for address in account.addresses:
        place = f"{name} at {address.host}:{address.port}"
        server_name = own.server_name if own else None
        try:
            left = asyncio.run(left_s(address, context, server_name, account.local_address))
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or str(error) or "no answer"
            do = "see that the carrier lets us in, and the firewall lets us out"
            yield Finding(f"smsc {place}", FAIL, f"can't be reached: {why}", do)
            continue
        yield Finding(f"smsc {place}", OK, "answers")
        if left is not None:
            yield diagnosis.of_certificate(place, "its", left)


def _bind(name: str, account: ConnectorConfig) -> Iterator[Finding]:
    for config in ways(account)[False].configs:
        place = f"{name} at {config.host}:{config.port}"
        try:
            asyncio.run(bind_once(config))
        except (LinkError, OSError) as error:
            do = (
                "the status says why; ESME_RALYBND or ESME_RBINDFAIL may mean that all binds are up"
            )
            yield Finding(f"bind {place}", FAIL, str(error), do)
        else:
            yield Finding(f"bind {place}", OK, "bound, and unbound again")


def _room(config: Config) -> Iterator[Finding]:
    free = free_octets(config.state_dir.absolute()) // MIB
    yield diagnosis.of_room(str(config.state_dir), free, config.state_room_mib)


def _telemetry(config: Config) -> Iterator[Finding]:
    where = serving(config, section(config, TELEMETRY, TelemetryConfig))
    if not where.port:
        yield Finding("telemetry", OK, "has no port of its own that could be looked at")
        return
    url = f"http://{where.host}:{where.port}/livez"
    try:
        answer_of(url, HTTP_TIMEOUT_S)
        yield Finding("telemetry", OK, f"{url} answers")
    except OSError as error:
        do = "start it: heliograph telemetry; nobody sees what happens without it"
        why = getattr(error, "reason", error)
        yield Finding("telemetry", WARN, f"{url} does not answer: {why}", do)
