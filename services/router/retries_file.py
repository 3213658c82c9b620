"""What a rule of the routes file says of failures; what can have no effect is a fault.

retry_on: [ESME_RSUBMITFAIL, undeliverable, timeout]
receipt_within_s: 600
then: later
retry_after_s: 300
retries: 3
"""

from collections.abc import Iterator, Mapping, Sequence

import yaml

from services.router.nodes import Reader, raw, whole
from services.router.retries import NEVER, RECEIPTS, TIMEOUT, Retry, failure_of
from services.router.routes import Way
from services.router.strategies import BY_WEIGHT

RETRY = ("retry_on", "receipt_within_s", "then", "retry_after_s", "retries")
LATER = ("retry_after_s", "retries")
WAIT_MAX_S = 7 * 86_400
RETRIES_MAX = 7  # one less than the ways that a message may take

Parts = Mapping[str, yaml.Node]


def retry_of(reader: Reader, parts: Parts, strategy: str, pool: Sequence[Way], where: str) -> Retry:
    """What the `parts` of a rule with this pool say; `reader` is told of every fault."""
    if "retry_on" not in parts:
        for name in RETRY:
            if name in parts:
                reader.fault(parts[name], f"{where}: {name} is of no use without retry_on")
        return NEVER
    on = tuple(dict.fromkeys(_failures(reader, parts["retry_on"], where)))
    is_later = _is_later(reader, parts, where)
    ways = sum(1 for way in pool if way.weight or strategy not in BY_WEIGHT)
    if "reject" in parts:
        reader.fault(parts["retry_on"], f"{where}: retry_on is of no use with reject")
    elif ways == 1 and not is_later:
        reader.fault(
            parts["retry_on"],
            f"{where}: retry_on can have no effect with one connector to go to; add another, or "
            "write then: later",
        )
    if TIMEOUT in on and "receipt_within_s" not in parts:
        reader.fault(parts["retry_on"], f"{where}: timeout needs receipt_within_s")
    elif TIMEOUT not in on and "receipt_within_s" in parts:
        node = parts["receipt_within_s"]
        reader.fault(node, f"{where}: receipt_within_s is of no use without timeout in retry_on")
    return Retry(
        on=on,
        receipt_within_s=_number(reader, parts, "receipt_within_s", WAIT_MAX_S, where),
        after_s=_number(reader, parts, "retry_after_s", WAIT_MAX_S, where),
        times=_number(reader, parts, "retries", RETRIES_MAX, where) or 0,
    )


def _failures(reader: Reader, node: yaml.Node, where: str) -> Iterator[str]:
    for item in reader.items(node, f"{where}: retry_on"):
        text = raw(item) or ""
        failure = failure_of(text)
        if failure is not None:
            yield failure
            continue
        known = ", ".join((*RECEIPTS, TIMEOUT))
        sentence = f"none of {known}, and no status of a refusal such as ESME_RSUBMITFAIL or 0x400"
        reader.fault(item, f"{where}: retry_on {text!r} is {sentence}")


def _is_later(reader: Reader, parts: Parts, where: str) -> bool:
    then = raw(parts["then"]) if "then" in parts else "next"
    if then not in ("next", "later"):
        reader.fault(parts["then"], f"{where}: then must be one of next, later")
    for name in LATER:
        if then == "later" and name not in parts:
            reader.fault(parts["then"], f"{where}: then: later needs {name}")
        elif then == "next" and name in parts:
            reader.fault(parts[name], f"{where}: {name} is of no use without then: later")
    return then == "later"


def _number(reader: Reader, parts: Parts, name: str, most: int, where: str) -> int | None:
    if name not in parts:
        return None
    wanted = f"{'seconds' if name.endswith('_s') else 'a whole number'}, 1 to {most},"
    return reader.checked(parts[name], f"{where}: {name}", wanted, whole(1, most))
