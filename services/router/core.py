"""What the router decides, pure: whether, when, by which connector and as which submit_sm.

Theory. The state of a recipient holds one entry per message_id, for a day. It tells three things
apart. The same record again (same source): the pipeline repeats itself, nothing happens. The same
id from elsewhere: the requester repeats itself, an event says so and nothing else happens. The
record that comes back when it is due, at its send_at, once quiet hours are over or there is room:
it is routed now, once, or waits once more. Entry, segments and facts are committed together, so
what the entry says has happened.

Whatever depends on the world (policy, routes, health) is looked at when the message is routed, not
when it was scheduled; what can be refused already is refused at once.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import msgspec

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.effects import Effect, Entries, KeyEntries, Publish, PublishLater
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId, Msisdn
from pipeline.records import (
    MtAdmitted,
    MtCommand,
    MtHead,
    MtReroute,
    MtRouted,
    MtScheduled,
    OptOut,
    Wake,
)
from pipeline.stops import Stops
from services.router import commands, opt_outs, trips, waits
from services.router.choices import URGENT, loads, taken
from services.router.configuration import faults_in
from services.router.encoding import cut_of, encode
from services.router.limits import Limits
from services.router.networks import NOWHERE, Whereabouts, unknown
from services.router.policy import NOBODY, Case, Refusal, first_refusal, tenant_of
from services.router.prices import written
from services.router.quiet_hours import QuietHours
from services.router.references import next_reference
from services.router.rejections import rejection
from services.router.repeats import (
    CANCELLED,
    REJECTED,
    ROUTED,
    SCHEDULED,
    SEEN_LIFE_S,
    WAITING,
    Seen,
    digest_of,
    is_due,
    repeated,
)
from services.router.routes import UNCHANGED, Query, Routes
from services.router.sender_pools import sender_of
from services.router.senders import Sender
from services.router.strategies import (
    GradeOf,
    GradeTo,
    ordered,
    ungraded,
    ungraded_to,
)
from services.router.submits import FIRST_HOP, Leg, receipts_of, submits, target_of, vendor_tlvs
from services.router.trips import Trip
from services.router.usage import Usage


class Decision(NamedTuple):
    """What becomes of one message."""

    stage: str
    effects: list[Effect]
    life_s: int = SEEN_LIFE_S


RouterRecord = MtAdmitted | MtReroute | MtCommand | OptOut | Wake


class Router:
    """Decides about one record of `sms.router.in` at a time.

    Raises ConfigError for what it can't work with, such as senders that no submit_sm can carry.
    """

    def __init__(
        self,
        config: Config,
        routes: Routes,
        is_up: Callable[[ConnectorId], bool],
        stops: Stops,
        network_of: Callable[[Msisdn], str | None] = unknown,
        grade_of: GradeOf = ungraded,
        capacity: Capacity | None = None,
        usage: Usage | None = None,
        grade_to: GradeTo = ungraded_to,
    ) -> None:
        if faults := faults_in(config):
            raise ConfigError(faults)
        self.routes = routes
        """May be replaced at any time; a message goes by those it began with."""
        self._limits = Limits(config.tenants, usage or Usage(), grade_to)
        self._is_up = is_up
        self._stops = stops
        self._capacity = capacity or Capacity(config, lambda: 0)  # of which nothing is known
        self._network_of = network_of
        self._grade_of = grade_of
        self._tenants = {name: tenant_of(tenant) for name, tenant in config.tenants.items()}
        self._quiet_hours = QuietHours(config.quiet_hours)
        self._sandboxes = tuple(
            ConnectorId(name) for name, own in config.connectors.items() if own.sandbox
        )
        self._targets = {
            connector: target_of(config, connector)
            for connector in map(ConnectorId, config.connectors)
        }
        self._target_by_rule = cache(partial(target_of, config))

    def decide(self, state: KeyEntries, record: RouterRecord, now_ms: int) -> list[Effect]:
        """What to do about `record`; `now_ms` is since 1970 UTC."""
        if isinstance(record, OptOut):
            return opt_outs.noted(state, record)
        if isinstance(record, MtReroute):
            return self._rerouted(state, record, now_ms)
        if isinstance(record, MtCommand):
            senders = self._tenants.get(record.head.tenant, NOBODY).senders
            return commands.decide(state, record, senders, self._targets, now_ms)
        if isinstance(record, Wake):
            return self._limits.wake(state, record, now_ms)
        name = f"seen|{record.head.message_id}"
        digest = digest_of(record.request)
        seen = state.get(name, Seen)
        if seen is not None and not is_due(record, seen):
            return repeated(state, record, seen, digest, now_ms)
        record = commands.reworded(state, record)
        at_ms = now_ms if record.due else max(now_ms, record.request.send_at_ms or 0)
        case = self._case(state, record, now_ms, at_ms)
        case = case._replace(has_waited=seen is not None and seen.stage == WAITING)
        decision = self._decide(state, case, at_ms)
        life_s = waits.life_s(record, decision.stage, decision.life_s)
        digest = digest if seen is None else seen.digest  # of what was asked for, not reworded
        state.put(name, Seen(digest, record.source, decision.stage), life_s)
        return decision.effects

    def _decide(self, state: KeyEntries, case: Case, at_ms: int) -> Decision:
        head = _head(case)
        refusal = first_refusal(case)
        if refusal is not None:
            return _rejected(head, refusal, case)
        due_ms = case.quiet.until_ms or at_ms
        if due_ms > case.now_ms:
            return _scheduled(head, case, due_ms)
        return self._routed(state, head, case, trips.so_far(state, case.record))

    def _case(self, state: Entries, record: MtAdmitted, now_ms: int, at_ms: int) -> Case:
        """Of a message that would be sent at `at_ms`."""
        head, request, routes = record.head, record.request, self.routes
        assert head.recipient is not None  # intake passes on nothing else
        tenant = self._tenants.get(head.tenant, NOBODY)
        sender = tenant.senders.find(request.from_)
        where = Whereabouts(head.recipient, self._network_of)
        rule = routes.find(query_of(record, sender, now_ms, where))
        changes = UNCHANGED if rule is None else rule.changes
        sender = sender_of(changes, sender, request, head.recipient)
        validity_ms = (
            tenant.validity_ms if request.validity_s is None else request.validity_s * 1000
        )
        if changes.validity_s is not None:
            validity_ms = min(validity_ms, changes.validity_s * 1000)
        class_ = changes.class_ or head.class_
        return Case(
            record=record,
            now_ms=now_ms,
            tenant=tenant,
            sender=sender,
            # A send_at in the past means at once, and takes nothing from the validity.
            deadline_ms=max(request.send_at_ms or 0, head.requested_ms) + validity_ms,
            rule=rule,
            where=where,
            routes_version=routes.version,
            currency=routes.currency,
            cancelled_by=self._stops.cancels(head),
            is_unwanted=sender is not None
            and opt_outs.forbid(state, class_, head.tenant, sender.addr),
            has_consent=not tenant.requires_consent
            or sender is None
            or opt_outs.has_consent(state, class_, head.tenant, sender.addr),
            quiet=self._quiet_hours.at(at_ms, class_, head.recipient),
        )

    def _rerouted(self, state: KeyEntries, record: MtReroute, now_ms: int) -> list[Effect]:
        """Take another way, once for each hop; what can't be is the message's end."""
        name = trips.name_of(record.head.message_id)
        trip = state.get(name, Trip)
        if trip is None:  # it lives as long as the message may be sent
            expired = rejection(record.head, trips.EXPIRED, trips.NO_SOURCE, now_ms)
            return [Publish(topics.TRACKER_IN, record.head.message_id, expired)]
        if record.hop != trip.hop + 1:
            return []
        asked = trip.record and commands.onward(state, trip.record, record.replaced_by)
        if asked is None:
            refused = rejection(record.head, trips.NO_WAY_LEFT, trips.NO_SOURCE, now_ms)
            return [Publish(topics.TRACKER_IN, record.head.message_id, refused)]
        seen = state.get(f"seen|{record.head.message_id}", Seen)
        if seen is not None and seen.stage == SCHEDULED:
            return []
        if seen is not None and seen.stage == CANCELLED:
            ended = rejection(record.head, commands.ENDED, topics.COMMAND, now_ms)
            return [Publish(topics.TRACKER_IN, record.head.message_id, ended)]
        trip, at_ms = trips.back(trip, record.reason, now_ms)
        case = self._case(state, asked, now_ms, at_ms)
        refusal = first_refusal(case)
        if refusal is not None:
            return _rejected(_head(case), refusal, case).effects
        assert case.rule is not None  # first_refusal has looked
        onward = trips.after_failure(case.rule, _head(case), trip) if record.failed else trip
        if onward is None:
            return _rejected(_head(case), trips.NO_RETRY, case).effects
        if case.quiet.until_ms is None:
            return self._routed(state, _head(case), case, onward).effects
        decision = _scheduled(_head(case), case, case.quiet.until_ms)
        trips.put(state, case, onward)
        digest = digest_of(asked.request) if seen is None else seen.digest  # not of a new text
        seen = Seen(digest, asked.source, decision.stage)
        life_s = waits.life_s(asked, decision.stage, decision.life_s)
        state.put(f"seen|{record.head.message_id}", seen, life_s)
        return decision.effects

    def _routed(self, state: KeyEntries, head: MtHead, case: Case, trip: Trip) -> Decision:
        assert case.rule is not None  # first_refusal has looked
        assert head.recipient is not None  # intake passes on nothing else
        leg = self._leg(case, head, trip)
        if leg is None:
            refusal = trips.NO_WAY_LEFT if trip.ways else trips.NO_CONNECTOR
            return _rejected(head, refusal, case)
        if leg.must_wait:
            return Decision(WAITING, waits.effects(head, case, leg.target.connector))
        profile, request = leg.target.profile, case.record.request
        bits = cut_of(profile).reference_bits
        encoded = encode(request, profile, lambda: next_reference(state, head.message_id, bits))
        if isinstance(encoded, Refusal):
            return _rejected(head, encoded, case)
        tlvs = vendor_tlvs(request, profile.tlvs)
        if isinstance(tlvs, Refusal):
            return _rejected(head, tlvs, case)
        counted: list[Effect] | Refusal = []
        if leg.hop == FIRST_HOP:  # another way of the same message counts nothing
            counted = self._limits.count(state, head, len(encoded.parts), case.now_ms)
        if isinstance(counted, Refusal):
            return _rejected(head, counted, case)
        segments = submits(head, case, leg, encoded, tlvs)
        target = leg.target
        topic = target.priority_topic if head.lane == URGENT else target.topic
        effects: list[Effect] = [
            Publish(topic, target.key_of(segment), segment) for segment in segments
        ]
        routed = MtRouted(
            head=head,
            connector=target.connector,
            segments=len(segments),
            data_coding=encoded.data_coding,
            receipts_expected=sum(segment.registered_delivery > 0 for segment in segments),
            hop=leg.hop,
            rule=case.rule.name,
            routes_version=case.routes_version,
            deadline_ms=case.deadline_ms,
            routed_ms=case.now_ms,
            price=None if leg.price is None else written(leg.price),
            currency=None if leg.price is None else case.currency,
            retry_on=leg.retry.on,
            retry_after_s=leg.retry.after_s,
            receipt_within_s=leg.retry.receipt_within_s,
            receipts=receipts_of(request, profile),
            silence=profile.silence,
        )
        effects += [Publish(topics.TRACKER_IN, head.message_id, routed), *counted]
        self._capacity.wrote(target.connector, len(segments), is_urgent=head.lane == URGENT)
        trips.keep(state, case, leg, trip)
        return Decision(ROUTED, effects)

    def _leg(self, case: Case, head: MtHead, trip: Trip) -> Leg | None:
        """The way of the pool that serves best; when none is up, messages wait for the first.

        None was tried before. Tests go to sandboxes only, those of the pool before others; what is
        no test never does. What has begun its trip waits for no room.
        """
        assert head.recipient is not None  # intake passes on nothing else
        assert case.rule is not None  # first_refusal has looked
        rule, is_test = case.rule, case.tenant.test
        ways = ordered(rule, head.message_id, head.recipient, self._grade_of)
        pool = [w.connector for w in ways if (w.connector in self._sandboxes) is is_test]
        if is_test:
            pool += [name for name in self._sandboxes if name not in pool]
        pool = [name for name in pool if name not in trip.tried]
        if not pool or trip.ways >= trips.HOPS_MAX:
            return None
        has_room = waits.room(self._capacity, case, trip)
        load_of = loads(self._is_up, self._capacity, head.lane, has_room)
        connector, load = taken(pool, load_of, (case.deadline_ms - case.now_ms) / 1000)
        is_last = len(pool) == 1 or trip.ways + 1 >= trips.HOPS_MAX
        return Leg(
            target=self._target_by_rule(connector, rule.changes.profile),
            hop=trip.hop + 1,
            return_after_s=None if is_last else rule.return_after_s,
            price=next(
                (w.price_to(head.recipient) for w in ways if w.connector == connector), None
            ),
            retry=trips.retry_behind(rule, head, trip, len(pool) - 1),
            must_wait=load.is_full,
        )


def _head(case: Case) -> MtHead:
    """The head of all facts: as it was asked for, but with what is in force."""
    head, class_ = case.record.head, case.rule and case.rule.changes.class_
    if case.sender is None:
        return head
    return msgspec.structs.replace(head, sender=case.sender.addr, class_=class_ or head.class_)


def query_of(
    record: MtAdmitted, sender: Sender | None, now_ms: int, where: Whereabouts = NOWHERE
) -> Query:
    """What rules may ask of a request."""
    head, text = record.head, record.request.text
    assert head.recipient is not None  # intake passes on nothing else
    return Query(
        recipient=head.recipient,
        now_ms=now_ms,
        tenant=head.tenant,
        sender=None if sender is None else sender.addr,
        class_=head.class_,
        lane=head.lane,
        campaign=head.campaign,
        text=text if isinstance(text, str) else None,
        where=where,
    )


def _rejected(head: MtHead, refusal: Refusal, case: Case) -> Decision:
    rejected = msgspec.structs.replace(
        rejection(head, refusal, case.record.source, case.now_ms),
        rule=case.rule and case.rule.name,
        routes_version=case.routes_version,
    )
    return Decision(REJECTED, [Publish(topics.TRACKER_IN, head.message_id, rejected)])


def _scheduled(head: MtHead, case: Case, due_ms: int) -> Decision:
    """It comes back at its send_at, or when quiet hours are over."""
    assert head.recipient is not None  # intake passes on nothing else
    assert case.rule is not None  # first_refusal has looked
    due = msgspec.structs.replace(case.record, due=True)
    scheduled = MtScheduled(
        head=head,
        send_at_ms=due_ms,
        scheduled_ms=case.now_ms,
        rule=case.rule.name,
        routes_version=case.routes_version,
    )
    effects: list[Effect] = [
        PublishLater(due_ms, topics.ROUTER_IN, head.recipient, due),
        Publish(topics.TRACKER_IN, head.message_id, scheduled),
    ]
    return Decision(SCHEDULED, effects, (due_ms - case.now_ms) // 1000 + 1 + SEEN_LIFE_S)
