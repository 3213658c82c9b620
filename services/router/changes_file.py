"""What a rule of the routes file makes of a message; what can have no effect is a fault.

set: {sender: ["+46700000001", "+4790000001"], sender_by: nearest, profile: long, validity_s: 300}
"""

from collections.abc import Collection, Mapping

import yaml

from services.router.nodes import Reader, whole
from services.router.routes import CLASSES, STICKY, Changes
from services.router.sender_pools import SENDER_BY
from services.router.senders import fault_of, read

SET = ("sender", "sender_by", "profile", "class", "validity_s", "on_ambiguous")
ON_AMBIGUOUS = ("resend", "give_up", "ask")
VALIDITY_MAX_S = 7 * 86_400

Parts = Mapping[str, yaml.Node]


def changes_of(reader: Reader, node: yaml.Node, profiles: Collection[str], where: str) -> Changes:
    """What the `set` of a rule says; `reader` is told of every fault."""
    where = f"{where}: set"
    parts = reader.settings(node, SET, where)
    validity_s = None
    if "validity_s" in parts:
        wanted, own = f"seconds, 1 to {VALIDITY_MAX_S},", parts["validity_s"]
        seconds = whole(1, VALIDITY_MAX_S)
        validity_s = reader.checked(own, f"{where}: validity_s", wanted, seconds)
    senders = _senders(reader, parts, where)
    return Changes(
        senders=senders,
        sender_by=_sender_by(reader, parts, senders, where),
        profile=_profile(reader, parts, profiles, where),
        class_=reader.choice(parts, "class", CLASSES, where),
        validity_s=validity_s,
        on_ambiguous=reader.choice(parts, "on_ambiguous", ON_AMBIGUOUS, where),
    )


def _senders(reader: Reader, parts: Parts, where: str) -> tuple[str, ...] | None:
    if "sender" not in parts:
        return None
    found = []
    for item in reader.items(parts["sender"], f"{where}: sender"):
        sender = reader.text(item, f"{where}: sender")
        if sender and (wrong := fault_of(sender)) is not None:
            reader.fault(item, f"{where}: {wrong}")
        found.append(sender)
    return tuple(found)


def _sender_by(reader: Reader, parts: Parts, senders: tuple[str, ...] | None, where: str) -> str:
    by = reader.choice(parts, "sender_by", tuple(SENDER_BY), where) or STICKY
    if "sender_by" not in parts:
        return by
    node = parts["sender_by"]
    if senders is None:
        reader.fault(node, f"{where}: sender_by is of no use without sender")
    elif by == "nearest" and not any(read(own).kind == "international" for own in senders):
        reader.fault(node, f"{where}: sender_by: nearest needs a number of some country in sender")
    return by


def _profile(reader: Reader, parts: Parts, known: Collection[str], where: str) -> str | None:
    if "profile" not in parts:
        return None
    name = reader.text(parts["profile"], f"{where}: profile")
    if name and name not in known:
        reader.fault(parts["profile"], f"{where}: there is no profile {name!r}")
    return name
