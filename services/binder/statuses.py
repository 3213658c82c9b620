"""What a profile makes of command_status, checked when the process starts: SMPP 3.4 section 5.1.3.

A profile writes a status by its name in the specification, or by its number where it has none.
"""

from collections.abc import Mapping

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.profiles import NO_ANSWER, ProfileConfig
from services.binder.core import Disposition
from smpp.values import CommandStatus

NUMBER_MAX = 0xFFFF_FFFF
HOW = "write a name of SMPP, such as ESME_RTHROTTLED, or a number, such as 0x400"


def dispositions(connector: ConnectorId, profile: ProfileConfig) -> Mapping[int, Disposition]:
    """What the statuses ask of us that the profile sees otherwise than `smpp.statuses`.

    Raises ConfigError with every one that is no status of a refusal.
    """
    place = f"the profile of connector {connector}: statuses"
    read = {written: _status(written) for written in profile.statuses}
    faults = [
        f"{place}.{written}: is no status of a refusal; {HOW}"
        for written, status in read.items()
        if not status
    ]
    if faults:
        raise ConfigError(faults)
    return {
        status: Disposition[profile.statuses[written].upper()]
        for written, status in read.items()
        if status is not None
    }


def deliver_refusal(connector: ConnectorId, profile: ProfileConfig) -> CommandStatus | None:
    """What an SMSC is told whose deliver_sm can't be kept now; None to leave it unanswered.

    Raises ConfigError when it is no status of a refusal.
    """
    if profile.deliver_refusal == NO_ANSWER:
        return None
    status = _status(profile.deliver_refusal)
    if not status:
        place = f"the profile of connector {connector}: deliver_refusal"
        raise ConfigError(
            [f"{place}: {profile.deliver_refusal!r} is no status of a refusal; {HOW}"]
        )
    return status


def _status(written: str | int) -> CommandStatus | None:
    """The status that is meant; None when there is none."""
    if written in CommandStatus.__members__:
        return CommandStatus[str(written)]
    try:
        number = int(written, 0) if isinstance(written, str) else written
    except ValueError:
        return None
    return CommandStatus(number) if 0 <= number <= NUMBER_MAX else None
