"""The topics of `schemas/topics.yaml` as records, and the names of those that come in families."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from pipeline.ids import ConnectorId

MT_REQUEST = "sms.mt.request"
DEFAULT_TENANT = "default"
MT_REQUEST_BY_LANE = {
    "priority": "sms.mt.request.priority",
    "normal": "sms.mt.request",
    "bulk": "sms.mt.request.bulk",
}
ROUTER_IN = "sms.router.in"
CORRELATOR_IN = "sms.correlator.in"
TRACKER_IN = "sms.tracker.in"
DLR = "sms.dlr"
DLR_ORPHAN = "sms.dlr.orphan"
MO = "sms.mo"
VOTE_TALLY = "sms.vote.tally"
MT_STATUS = "sms.mt.status"
MT_EVENT = "sms.mt.event"
MT_UNRESOLVED = "sms.mt.unresolved"
COMMAND = "sms.command"
COMMAND_RESULT = "sms.command.result"
CONNECTOR_STATE = "sms.connector.state"
QUALITY = "sms.quality"
RECEIPT_QUALITY = "sms.receipt.quality"
CONTROL_STOP = "sms.control.stop"
CONTROL_CANCEL = "sms.control.cancel"
CONTROL_ROUTES = "sms.control.routes"
CONTROL_OPTOUT = "sms.control.optout"
TENANT_USAGE = "sms.tenant.usage"
TENANT_VELOCITY = "sms.tenant.velocity"
MT_WAIT = "sms.mt.wait."
DEAD = ".dlq"  # behind the name of a topic, that of its dead letters
NO_CONNECTOR = frozenset({"dlq", "result"})
"""What no connector may be called, for `command` would name another topic."""

TIMER_EXPONENT_MIN, TIMER_EXPONENT_MAX = -2, 21  # a quarter of a second to 24 days
TIMER_SECONDS = tuple(2**exponent for exponent in range(TIMER_EXPONENT_MIN, TIMER_EXPONENT_MAX + 1))
TIMER_WAIT_S = {f"sms.timer.{seconds}s": seconds for seconds in TIMER_SECONDS}


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One Kafka topic as it must exist; what the fields mean is said in topics.yaml."""

    name: str
    what: str
    key: str
    records: tuple[str, ...]
    partitions: int
    retention_h: int | None
    cleanup: str
    dlq: str | None
    public: bool
    writers: tuple[str, ...]
    readers: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True):
    """What of a topic is another than it must be: a setting, as it is and as it should be.

    Of one that is not there at all the setting is `topic`.
    """

    topic: str
    setting: str
    found: str
    wanted: str


class Lanes(msgspec.Struct, frozen=True, kw_only=True):
    """What `catalog` must know of one connector."""

    binds: int
    generation: int


def requests(tenants: Iterable[str]) -> list[str]:
    """Names of all request topics: the default tenant's, and three of every other tenant."""
    return [request(tenant, lane) for tenant in tenants for lane in MT_REQUEST_BY_LANE]


def request(tenant: str, lane: str) -> str:
    """Name of the topic on which a tenant asks for messages in a lane."""
    bare = MT_REQUEST_BY_LANE[lane]
    if tenant == DEFAULT_TENANT:
        return bare
    return f"{MT_REQUEST}.tenant.{tenant}{bare.removeprefix(MT_REQUEST)}"


def submit(connector: ConnectorId, generation: int, *, priority: bool) -> str:
    """Name of the submit topic of a connector."""
    return f"sms.mt.submit.{connector}.g{generation}" + (".priority" if priority else "")


def submitted(connector: ConnectorId, generation: int) -> str:
    """Name of the topic with the outcomes of a connector's segments."""
    return f"sms.mt.submitted.{connector}.g{generation}"


def wait(connector: ConnectorId) -> str:
    """Name of the topic in which bulk waits until a connector has room."""
    return f"{MT_WAIT}{connector}"


def waits(names: Iterable[str]) -> dict[str, ConnectorId]:
    """Of `names` those in which bulk waits for a connector, which may be configured no more."""
    return {
        name: ConnectorId(name.removeprefix(MT_WAIT))
        for name in names
        if name.startswith(MT_WAIT) and not name.endswith(DEAD)
    }


def command(connector: ConnectorId) -> str:
    """Name of the topic with what the SMSC of a connector is to be asked about its messages."""
    return f"{COMMAND}.{connector}"


def mo(keyword: str) -> str:
    """Name of the topic of a keyword: that of inbound messages which begin with it."""
    return f"{MO}.{keyword.lower()}"


def timer(wait_s: float) -> str:
    """Name of the timer topic with the longest wait not over `wait_s` seconds, or the shortest."""
    quarters = max(1, int(wait_s * 2**-TIMER_EXPONENT_MIN))
    exponent = min(quarters.bit_length() - 1 + TIMER_EXPONENT_MIN, TIMER_EXPONENT_MAX)
    return f"sms.timer.{2**exponent}s"


def catalog(
    connectors: Mapping[ConnectorId, Lanes],
    tenants: Iterable[str] = (),
    keywords: Iterable[str] = (),
) -> list[Topic]:
    """Every topic that must exist for these, dead-letter topics included."""
    wanted: dict[str, Topic] = {}
    members = {
        "{tenant}": [tenant for tenant in tenants if tenant != DEFAULT_TENANT],
        "{keyword}": [keyword.lower() for keyword in keywords],
    }
    for raw in _read():
        for topic in _family(raw, connectors, members):
            wanted[topic.name] = topic
            if topic.dlq and topic.dlq not in wanted:
                wanted[topic.dlq] = _dead_letters(topic, topic.dlq)
            if raw["state"]:
                changelog = _changelog(topic)
                wanted[changelog.name] = changelog
    return list(wanted.values())


@cache
def is_public(topic: str) -> bool:
    """Whether outsiders may read it, of whichever tenant or connector it is."""
    return any(raw["public"] and re.fullmatch(_pattern(raw["name"]), topic) for raw in _read())


@cache
def records_of(topic: str) -> tuple[str, ...]:
    """Names of the records that are its values, of whichever tenant or connector it is."""
    families = sorted(_read(), key=lambda raw: raw["name"] != topic)  # its own name first
    names = (raw["records"] for raw in families if re.fullmatch(_pattern(raw["name"]), topic))
    return tuple(next(names, ()))


def tenant_of(topic: str) -> str | None:
    """Whose a request topic is; None of any other topic."""
    bare, _, lane = topic.removeprefix(f"{MT_REQUEST}.tenant.").partition(".")
    if topic in MT_REQUEST_BY_LANE.values():
        return DEFAULT_TENANT
    is_own = topic.startswith(f"{MT_REQUEST}.tenant.") and lane in ("", "priority", "bulk")
    return bare if is_own else None


def record_names() -> list[str]:
    """Names of the records that are a value of some topic."""
    return sorted({name for raw in _read() for name in raw["records"]})


@cache
def dlq_of(topic: str) -> str:
    """Dead-letter topic of `topic`."""
    return f"sms.timer{DEAD}" if topic.startswith("sms.timer.") else f"{topic}{DEAD}"


@cache
def _read() -> list[dict[str, Any]]:
    text = files("schemas").joinpath("topics.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    return [{**document["defaults"], **raw} for raw in document["topics"]]


def _pattern(name: str) -> str:
    """A regular expression of all names of a family."""
    one = r"[0-9.]+" if "{seconds}" in name else r"[^.]+"
    return one.join(re.escape(part) for part in re.split(r"{\w+}", name))


def _family(
    raw: dict[str, Any],
    connectors: Mapping[ConnectorId, Lanes],
    members: Mapping[str, Iterable[str]],
) -> Iterator[Topic]:
    name: str = raw["name"]
    variable = next((variable for variable in members if variable in name), None)
    if "{connector}" in name:
        for connector, lanes in connectors.items():
            full = name.format(connector=connector, generation=lanes.generation)
            count = lanes.binds if raw["partitions"] == "binds" else raw["partitions"]
            yield _topic(raw, full, count, raw["retention_h"])
    elif variable is not None:
        for member in members[variable]:
            full = name.replace(variable, member)
            yield _topic(raw, full, raw["partitions"], raw["retention_h"])
    elif "{seconds}" in name:
        for seconds in TIMER_SECONDS:
            retention_h = max(raw["retention_h"], int(2 * seconds) // 3600)
            yield _topic(raw, name.format(seconds=seconds), raw["partitions"], retention_h)
    else:
        yield _topic(raw, name, raw["partitions"], raw.get("retention_h"))


def _topic(raw: dict[str, Any], name: str, partitions: int, retention_h: int | None) -> Topic:
    dlq = f"{name}{DEAD}" if raw["dlq"] is True else raw["dlq"] or None
    changed = {"name": name, "partitions": partitions, "retention_h": retention_h, "dlq": dlq}
    return msgspec.convert({**raw, **changed}, Topic)


def _dead_letters(topic: Topic, name: str) -> Topic:
    return Topic(
        name=name,
        what=f"Values of {topic.name} that could not be read, octets untouched.",
        key="as it came",
        records=(),
        partitions=1,
        retention_h=14 * 24,
        cleanup="delete",
        dlq=None,
        public=False,
        writers=topic.readers,
        readers=("operator", "telemetry"),
    )


def changelog_of(reader: str, topic: str) -> str:
    """The topic that keeps the state which `reader` has of `topic`; Quix Streams dictates it."""
    return f"changelog__{reader}--{topic}--default"


def _changelog(topic: Topic) -> Topic:
    """Where Quix Streams keeps the state of the topic's reader."""
    (reader,) = topic.readers
    return Topic(
        name=changelog_of(reader, topic.name),
        what=f"State of {reader}.",
        key="state key",
        records=(),
        partitions=topic.partitions,
        retention_h=None,
        cleanup="compact",
        dlq=None,
        public=False,
        writers=(reader,),
        readers=(reader,),
    )
