"""Which handset an SMSC speaks of: the key of all that comes from it, pure.

An MO comes from its handset, and so does a receipt, if the SMSC follows SMPP 3.4, section 2.11.
Others swap the addresses of a receipt, write the number as it is dialled in their country, or leave
it out. A profile says so.
"""

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from pipeline.ids import Msisdn
from pipeline.profiles import NationalForm, ProfileConfig
from smpp.pdu import DataSm, DeliverSm
from smpp.receipt import is_receipt

INTERNATIONAL = ("+", "00")


@dataclass(frozen=True, slots=True)
class Writing:
    """How a carrier writes the handset in what it delivers."""

    national: NationalForm | None = None
    receipt_handset: Literal["source", "destination"] = "source"
    receipts_by_text: bool = False

    @classmethod
    def of(cls, profile: ProfileConfig) -> "Writing":
        """That of a carrier."""
        national = profile.addresses.national
        return cls(national, profile.receipt_handset, profile.receipts_by_text)

    def handset_of(self, pdu: DeliverSm | DataSm) -> Msisdn:
        """The digits of its handset.

        Of a receipt that tells none it is made of what it says, so that all partitions share those.
        """
        ton, address, is_dialled = pdu.source_addr_ton, pdu.source_addr, False
        if self._is_odd(address) and is_receipt(pdu, by_text=self.receipts_by_text):
            if self.receipt_handset == "destination":
                ton, address = pdu.dest_addr_ton, pdu.destination_addr
            if not address:
                return _made_up(pdu)
            is_dialled = self.national is not None and self.national.in_receipts
        return handset(address, self._form_of(ton, address, is_dialled=is_dialled))

    def _form_of(self, ton: int, address: str, *, is_dialled: bool) -> NationalForm | None:
        """The national form, if an address has it: by its TON, or by how it begins where numbers
        are written as they are dialled. What begins with + or 00 is of any country."""
        national = self.national
        if national is None:
            return None
        if national.prefix not in INTERNATIONAL and address.startswith(INTERNATIONAL):
            return None
        has_form = ton == national.ton or (is_dialled and address.startswith(national.prefix))
        return national if has_form else None

    def _is_odd(self, source_addr: str) -> bool:
        """Whether a receipt is not read as any deliver_sm is."""
        is_dialled = self.national is not None and self.national.in_receipts
        return not source_addr or is_dialled or self.receipt_handset != "source"


USUAL = Writing()


def handset(address: str, national: NationalForm | None = None) -> Msisdn:
    """The digits of an address: key of everything that concerns one handset.

    With `national` the address is one of that form, and gets its calling code.
    """
    if national is not None:
        return Msisdn(national.calling_code + address.removeprefix(national.prefix))
    digits = "".join(filter(str.isdigit, address))
    return Msisdn(digits.removeprefix("00") or address)


def _made_up(pdu: DeliverSm | DataSm) -> Msisdn:
    octets = pdu.short_message if isinstance(pdu, DeliverSm) else b""
    for _, value in pdu.tlvs:
        octets += value
    return Msisdn(f"none-{crc32(octets):08x}")
