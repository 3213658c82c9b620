"""Every metric there is, declared once, a section a service: its name, its unit, its meaning."""

from collections.abc import Mapping
from typing import Literal

MetricName = Literal[
    # messaging: what every service does with Kafka, by the conventions of OpenTelemetry
    "messaging.client.consumed.messages",
    "messaging.client.sent.messages",
    "messaging.client.operation.duration",
    "messaging.process.duration",
    # records
    "sms.records.dead",
    # intake
    "sms.intake.waiting",
    "sms.intake.poisoned",
    "sms.intake.held",
    "sms.intake.reloads",
    # router
    "sms.router.reloads",
    "sms.router.lookups",
    # correlator
    "sms.correlator.reloads",
    "sms.correlator.receipts",
    "sms.correlator.orphan_share",
    "sms.correlator.mismatch",
    # binder
    "sms.binder.submitted",
    "sms.binder.answered",
    "sms.binder.delivered",
    "sms.binder.unconfirmed",
    "sms.binder.unconfirmed.max",
    "sms.binder.statuses",
    "sms.binder.answer.duration",
    "sms.binder.binds",
    "sms.binder.binds.wanted",
    "sms.binder.binds.denied",
    "sms.binder.receivers",
    "sms.binder.certificate.expires",
    "sms.binder.bind.attempts",
    "sms.binder.commands",
    "sms.binder.reloads",
    "sms.binder.queue",
    "sms.binder.paused",
    "sms.binder.rate",
    "sms.binder.contract",
    "sms.binder.stopped",
    "sms.binder.maintenance",
    # telemetry
    "sms.telemetry.events",
    "sms.telemetry.outcomes",
    "sms.telemetry.funnel",
    "sms.telemetry.latency",
    "sms.telemetry.receipt_delay",
    "sms.telemetry.delivery_rate",
    "sms.telemetry.orphan_share",
    "sms.telemetry.throughput",
    "sms.telemetry.unsent.share",
    "sms.telemetry.slo",
    "sms.telemetry.lag",
    "sms.telemetry.age",
    "sms.telemetry.done",
    "sms.telemetry.letters",
    "sms.telemetry.behind",
    # sandbox
    "sms.sandbox.binds",
    "sms.sandbox.submits",
    "sms.sandbox.refused",
    "sms.sandbox.waiting",
]
"""What `Metrics` accepts; METRICS says what each means."""

METRICS: Mapping[MetricName, tuple[str, str]] = {  # name: (unit, meaning)
    # messaging: what every service does with Kafka, by the conventions of OpenTelemetry
    "messaging.client.consumed.messages": ("{message}", "Records read, by topic and group."),
    "messaging.client.sent.messages": ("{message}", "Records written, by topic."),
    "messaging.client.operation.duration": ("s", "Time to confirm and commit a batch, by group."),
    "messaging.process.duration": ("s", "From a batch's first record to its commit, by group."),
    # records
    "sms.records.dead": ("{record}", "Records that could not be read, by topic and reason."),
    # intake
    "sms.intake.waiting": ("{record}", "Requests read that wait for their turn, by lane."),
    "sms.intake.poisoned": ("{partition}", "Nothing could be read, so it is left alone, by lane."),
    "sms.intake.held": ("{record}", "Bulk that waits until a connector has room, by connector."),
    "sms.intake.reloads": ("{reload}", "Configurations read anew by SIGHUP, by result."),
    # router
    "sms.router.reloads": ("{reload}", "Routes and configurations read anew, by what and result."),
    "sms.router.lookups": (
        "{message}",
        "Networks looked up for messages, by result: kept, answered, late, busy, failed.",
    ),
    # correlator
    "sms.correlator.reloads": ("{reload}", "Configurations read anew by SIGHUP, by result."),
    "sms.correlator.receipts": (
        "{receipt}",
        "What became of receipts, by connector and result: joined and how, parked, orphan, ...",
    ),
    "sms.correlator.orphan_share": ("1", "Orphans of all receipts in a window, by connector."),
    "sms.correlator.mismatch": (
        "1",
        "1 while receipts write ids otherwise than the profile says, by connector.",
    ),
    # binder
    "sms.binder.submitted": ("{segment}", "submit_sm written, by connector."),
    "sms.binder.answered": ("{segment}", "Outcomes published, by connector and outcome."),
    "sms.binder.delivered": ("{pdu}", "deliver_sm and data_sm taken, by connector."),
    "sms.binder.unconfirmed": ("{segment}", "Written, outcome not yet in Kafka, by connector."),
    "sms.binder.unconfirmed.max": ("{segment}", "The duplicate bound of one crash, by connector."),
    "sms.binder.statuses": (
        "{answer}",
        "Answers to submit_sm, by connector and status as SMPP names it; none where none came.",
    ),
    "sms.binder.answer.duration": ("s", "Time from submit_sm to its answer, by connector."),
    "sms.binder.binds": ("{bind}", "Submitting binds that are up, by connector."),
    "sms.binder.binds.wanted": ("{bind}", "Binds of both kinds that should be up, by connector."),
    "sms.binder.binds.denied": (
        "{bind}",
        "Binds that are down for a wrong account or password, by connector.",
    ),
    "sms.binder.receivers": ("{bind}", "Binds that only receive and are up, by connector."),
    "sms.binder.certificate.expires": (
        "s",
        "When the first TLS certificate ends, theirs or ours, since 1970 UTC, by connector.",
    ),
    "sms.binder.bind.attempts": ("{attempt}", "Attempts to bind, by connector and result."),
    "sms.binder.commands": ("{command}", "SMSCs asked about messages, by connector and outcome."),
    "sms.binder.reloads": ("{reload}", "Configurations read anew by SIGHUP, by result."),
    "sms.binder.queue": ("{segment}", "Taken from Kafka, not yet written, by connector."),
    "sms.binder.paused": ("{segment}", "Taken from Kafka and stopped, by connector."),
    "sms.binder.rate": ("{segment}/s", "Rate in force in this process, by connector."),
    "sms.binder.contract": ("{segment}/s", "Rate of the contract in this process, by connector."),
    "sms.binder.stopped": ("{connector}", "1 while the SMSC refuses everything, by connector."),
    "sms.binder.maintenance": ("1", "1 while the carrier works on its own, by connector."),
    # telemetry
    "sms.telemetry.events": ("{event}", "Records of sms.mt.event, by event and connector."),
    "sms.telemetry.outcomes": ("{message}", "Messages that have ended, by state and lane."),
    "sms.telemetry.funnel": ("{message}", "How far messages have come, by stage."),
    "sms.telemetry.latency": (
        "s",
        "Time a step took in the last five minutes, by step, connector, class and quantile.",
    ),
    "sms.telemetry.receipt_delay": (
        "s",
        "Time from submit to receipt in the last five minutes, by connector and quantile.",
    ),
    "sms.telemetry.delivery_rate": (
        "1",
        "Delivered of what an SMSC took and has ended in the last five minutes, by connector.",
    ),
    "sms.telemetry.orphan_share": (
        "1",
        "Receipts that fit no message, of those of the last five minutes, by connector.",
    ),
    "sms.telemetry.throughput": ("{segment}/s", "Segments answered by the SMSC, by connector."),
    "sms.telemetry.unsent.share": (
        "1",
        "The greatest part of a validity that is over, of what is due and unsent, by connector.",
    ),
    "sms.telemetry.slo": (
        "{message}",
        "Messages that were due, by lane and result: good, late, or late by the carrier.",
    ),
    "sms.telemetry.lag": ("{record}", "Records due and not dealt with, by group."),
    "sms.telemetry.age": ("s", "How long what a group reads next is due, by group."),
    "sms.telemetry.done": ("{record}", "Records committed, ever, by group."),
    "sms.telemetry.letters": ("{record}", "Dead letters nobody has dealt with, by topic."),
    "sms.telemetry.behind": ("{record}", "Records telemetry has still to read."),
    # sandbox
    "sms.sandbox.binds": ("{bind}", "Binds that are up, by account."),
    "sms.sandbox.submits": ("{segment}", "submit_sm read, by account."),
    "sms.sandbox.refused": ("{segment}", "Those of them that were refused, by account."),
    "sms.sandbox.waiting": ("{pdu}", "deliver_sm that wait to be taken, by account."),
}
