"""What `heliograph doctor` makes of what it sees: one finding each, and what to do; pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.topics import Difference

OK, WARN, FAIL = "ok", "warn", "fail"
BROKER_WARN_S = 1.0
CLOCK_WARN_S, CLOCK_FAIL_S = 1.0, 10.0
FRESH_S = 12.0  # binders speak every 3 s
CERTIFICATE_WARN_DAYS, CERTIFICATE_FAIL_DAYS = 14, 3
DAY_S = 86_400
ROOM_RESERVE = 2  # times the floor is what a stateful service needs to begin
NAMED_MAX = 5  # of many alike; the rest are counted
RENEWALS = {
    "its": "ask the carrier when it renews it",
    "our": "have a new one made, put it in place, and send binders SIGHUP",
}
BLOCKING = frozenset({"topic", "partitions", "cleanup.policy", "message.timestamp.type"})
CURES = {
    "topic": "run `heliograph topics apply`; or, if they are there, let this client see them "
    "(kafka-acls, DESCRIBE)",
    "partitions": "a number is for ever: of a connector, correct `binds` and `generation`; of any "
    "other topic, make it anew while nothing is in it",
    "replicas": "reassign its partitions (kafka-reassign-partitions), or correct "
    "kafka.replication_factor",
}
ALTER = (
    "kafka-configs --alter --entity-type topics --entity-name {topic} "
    "--add-config {setting}={wanted}"
)


class Finding(NamedTuple):
    """What one look has come to: ok, warn or fail, in a sentence; and what to do."""

    check: str
    verdict: str
    says: str
    do: str = ""


class Resource(NamedTuple):
    """What Kafka guards: `topic` or `group`, and its name."""

    kind: str
    name: str


class Written(NamedTuple):
    """The newest record of a topic that is written all the time: by whose clock, and Kafka's."""

    by: str
    at_ms: int
    appended_ms: int


def lines(found: Sequence[Finding]) -> list[str]:
    """A line each, what to do below it, and how many there are of each verdict."""
    told = []
    for finding in found:
        told.append(f"{finding.verdict:<4} {finding.check}: {finding.says}")
        if finding.do:
            told.append(f"     {finding.do}")
    counts = {verdict: sum(f.verdict == verdict for f in found) for verdict in (OK, WARN, FAIL)}
    return [*told, ", ".join(f"{count} {verdict}" for verdict, count in counts.items())]


def several(names: Iterable[str]) -> str:
    """Some of these, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - NAMED_MAX} more" if len(every) > NAMED_MAX else ""
    return ", ".join(every[:NAMED_MAX]) + more


def of_broker(where: str, took_s: float, count: int) -> Finding:
    """The broker has answered, and told of so many topics."""
    says = f"{where} answers in {took_s * 1000:.0f} ms, with {count} topics"
    if took_s <= BROKER_WARN_S:
        return Finding("broker", OK, says)
    return Finding("broker", WARN, says, "see what keeps it: its log, its disk, the way there")


def of_topics(count: int, differences: Sequence[Difference]) -> Iterator[Finding]:
    """`count` topics were compared with the catalog."""
    if not differences:
        yield Finding("topics", OK, f"all {count} are there, as they should be")
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in differences:
        alike.setdefault((one.setting, one.found, one.wanted), []).append(one.topic)
    for (setting, found, wanted), names in alike.items():
        verdict = FAIL if setting in BLOCKING else WARN
        is_there = f"{setting} is {found}, should be {wanted}"
        says = "not there" if setting == "topic" else is_there
        cure = CURES.get(setting) or ALTER.format(topic=names[0], setting=setting, wanted=wanted)
        yield Finding("topics", verdict, f"{says}: {several(names)}", cure)


def of_operations(
    needed: Mapping[Resource, Collection[str]],
    allowed: Mapping[Resource, Collection[str]],
    whose: str,
) -> Iterator[Finding]:
    """What `whose` services need to do to each resource; what this client may, if it is there."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for resource, operations in needed.items():
        for operation in sorted(set(operations) - set(allowed.get(resource, operations))):
            lacking.setdefault((operation, resource.kind), []).append(resource.name)
    if not lacking:
        yield Finding("acls", OK, f"this client may do to topics and groups what {whose} must")
    for (operation, kind), names in lacking.items():
        yield Finding(
            "acls",
            FAIL,
            f"this client has no {operation} on {kind} {several(names)}, which {whose} needs",
            f"kafka-acls --add --allow-principal User:... --operation {operation.title()} "
            f"--{kind} {names[0]}",
        )


def of_clocks(newest: Written | None, now_ms: int) -> Iterator[Finding]:
    """By the newest state a binder told. Kafka says when it had it, so it can't be from later."""
    if newest is None:
        yield Finding(
            "clocks",
            WARN,
            "no binder has told anything yet, there is nothing to go by",
            "start one",
        )
        return
    ahead_s = (newest.appended_ms - now_ms) / 1000
    if ahead_s > CLOCK_WARN_S:
        yield _clock("the broker's clock", ahead_s, "ahead of this machine's")
    binder_s = (newest.at_ms - newest.appended_ms) / 1000
    late_s = abs(binder_s)
    if late_s > CLOCK_WARN_S:
        side = "ahead of" if binder_s > 0 else "behind"
        yield _clock(f"the clock of {newest.by}", late_s, f"{side} the broker's")
    if ahead_s <= CLOCK_WARN_S and late_s <= CLOCK_WARN_S:
        age_s = -ahead_s
        if age_s <= FRESH_S:
            says = f"within {CLOCK_WARN_S:g} s of each other: {newest.by}'s, the broker's, and ours"
            yield Finding("clocks", OK, f"{says}, as far as can be seen")
        else:
            yield Finding(
                "clocks",
                WARN,
                f"no binder has told anything for {age_s:.0f} s, or this machine's clock is that "
                "far ahead",
                "see that binders run; compare `date` with the broker's",
            )


def of_certificate(place: str, whose: str, left_s: float) -> Finding:
    """The certificate of the SMSC at `place`, or ours for it; in so many seconds it ends."""
    check, days = f"smsc {place}", left_s / DAY_S
    says = f"{whose} certificate ends in {days:.0f} days"
    if days >= CERTIFICATE_WARN_DAYS:
        return Finding(check, OK, says)
    verdict = FAIL if days < CERTIFICATE_FAIL_DAYS else WARN
    return Finding(check, verdict, says, RENEWALS[whose])


def of_room(folder: str, free_mib: int, floor_mib: int) -> Finding:
    """The disk of the state, on this machine."""
    says = f"{free_mib} MiB are free for {folder}, state_room_mib is {floor_mib}"
    if free_mib >= ROOM_RESERVE * floor_mib:
        return Finding("state disk", OK, says)
    verdict = FAIL if free_mib < floor_mib else WARN
    does = "stop" if verdict == FAIL else "do not start again"
    return Finding("state disk", verdict, f"{says}: stateful services {does}", "make room")


def of_progress(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], looked_s: float
) -> Iterator[Finding]:
    """Of each group what it has done, ever, and what it is behind, twice, `looked_s` apart."""
    stuck = {
        group: behind
        for group, (done, behind) in after.items()
        if behind and group in before and before[group][1] and before[group][0] == done
    }
    for group, behind in stuck.items():
        yield Finding(
            "progress",
            FAIL,
            f"{group} is {behind} records behind and has done none for {looked_s:g} s",
            "see that its processes run and are ready; kill -USR1 has one say where it stands",
        )
    if not stuck:
        total = sum(behind for _, behind in after.values())
        yield Finding("progress", OK, f"{total} records wait, and no group stands still")


def _clock(whose: str, off_s: float, how: str) -> Finding:
    verdict = FAIL if off_s > CLOCK_FAIL_S else WARN
    return Finding(
        "clocks", verdict, f"{whose} is {off_s:.1f} s {how}", "have both keep time (NTP)"
    )
