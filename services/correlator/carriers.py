"""How each carrier writes what the correlator reads, by connector; pure."""

from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.config import Config, ProfileConfig
from pipeline.ids import ConnectorId
from pipeline.profiles import PACKED
from services.correlator.ids import Notation, comparable
from services.correlator.mo import Default
from smpp.text import Alphabet


class Carrier(NamedTuple):
    """Where the ids of a connector live, and how they are written there."""

    domain: str
    response: Notation
    receipt: Notation
    receipts_by_text: bool
    default: Default
    zone: ZoneInfo
    has_references: bool
    is_swapped: bool
    is_by_id: bool
    declared: tuple[Notation, Notation]
    """In the response and in the receipt, as the profile has them."""
    cutover_ms: int
    """Before it, receipts may be of messages that another gateway has sent."""
    learnt: str | None = None
    """What a receipt's id is to that of the response: see `learning.py`."""


class Carriers:
    """The carriers of all connectors of a configuration."""

    def __init__(self, config: Config) -> None:
        self._known = {
            connector: _carrier(connector, config.profile(connector))
            for connector in map(ConnectorId, config.connectors)
        }

    def of(self, connector: ConnectorId) -> Carrier:
        """A connector that is no longer configured has the default profile."""
        return self._known.get(connector) or _carrier(connector, ProfileConfig())

    def default_of(self, connector: ConnectorId) -> Default:
        """What the SMSC of a connector means by data_coding 0."""
        return self.of(connector).default


def _carrier(connector: ConnectorId, profile: ProfileConfig) -> Carrier:
    notations = comparable(profile.id_in_response, profile.id_in_receipt)
    domain = profile.carrier_domain or connector
    default = Default(
        Alphabet[profile.alphabet_mo.removesuffix(PACKED).upper()],
        is_packed=profile.alphabet_mo.endswith(PACKED),
    )
    return Carrier(
        domain,
        *notations,
        profile.receipts_by_text,
        default,
        profile.zone,
        profile.user_message_reference,
        profile.receipt_handset == "destination",
        profile.correlate_by == "id",
        (profile.id_in_response, profile.id_in_receipt),
        _begin_ms(profile.cutover_until, profile.zone),
    )


def _begin_ms(day: date | None, zone: ZoneInfo) -> int:
    return 0 if day is None else round(datetime.combine(day, time(), zone).timestamp() * 1000)
