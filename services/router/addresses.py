"""Addresses as a carrier wants them: SMPP 3.4 sections 4.4.1, 5.2.5 and 5.2.6."""

from typing import NamedTuple

from pipeline.ids import Msisdn
from pipeline.profiles import Addresses
from services.router.senders import Sender


class Address(NamedTuple):
    """An address of a submit_sm."""

    ton: int
    npi: int
    addr: str


def source(sender: Sender, rules: Addresses) -> Address:
    """A sender as source_addr."""
    if sender.kind == "international":
        return _number(sender.addr, rules)
    form = rules.short_code if sender.kind == "short_code" else rules.alphanumeric
    prefix = form.prefix if sender.kind == "short_code" else ""
    return Address(form.ton, form.npi, prefix + sender.addr)


def destination(recipient: Msisdn, rules: Addresses) -> Address:
    """A recipient as destination_addr."""
    return _number(recipient, rules)


def _number(digits: str, rules: Addresses) -> Address:
    form = rules.international
    if rules.national is not None and digits.startswith(rules.national.calling_code):
        form, digits = rules.national, digits.removeprefix(rules.national.calling_code)
    return Address(form.ton, form.npi, form.prefix + digits)
