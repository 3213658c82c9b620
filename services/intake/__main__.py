"""Intake as a process: requests of all lanes and tenants, each in its turn.

SIGHUP has the configuration read anew, so that what waits for a new connector is held for it.
"""

import signal
from collections.abc import Callable

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.config import Config, section
from pipeline.errors import ConfigError
from pipeline.kafka.backlogs import Backlogs
from pipeline.kafka.clients import now_ms
from pipeline.process import process, stop_signal
from pipeline.records import ConnectorState, Stop
from pipeline.reloads import Reload, changes_kept, refuse_less
from pipeline.tables import followed
from services.intake.config import IntakeConfig
from services.intake.lanes import GROUP
from services.intake.pressure import Pressure
from services.intake.shell import Shell

KEPT = ("kafka", "http")  # as long as it runs


def main(read: Callable[[], Config], replica: str) -> None:
    """Run one intake replica; `read` reads the configuration."""
    config = read()
    own = section(config, GROUP, IntakeConfig)
    stopping = stop_signal()
    with process(GROUP, config, replica) as ground:
        capacity = Capacity(config, now_ms)

        def hear(_lease: str, state: ConnectorState | None) -> None:
            if state is not None:
                capacity.hear(state)

        def renew() -> None:
            new = read()
            refuse_less(shell.config, new)
            if faults := changes_kept(shell.config, new, GROUP, KEPT):
                raise ConfigError(faults)
            capacity.configure(new)
            shell.configure(new)

        def count(result: str) -> None:
            ground.metrics.counter("sms.intake.reloads", result=result).value += 1

        shell = Shell(ground, own, capacity)
        reload = Reload(renew, count)
        signal.signal(signal.SIGHUP, lambda *_: reload.ask())
        stops = followed(ground, topics.CONTROL_STOP, Stop, shell.obey)
        states = followed(ground, topics.CONNECTOR_STATE, ConnectorState, hear)
        backlogs = Backlogs(config.kafka, shell.waiting.group_of, shell.waiting.ask)
        pressure = Pressure(config.kafka, own.router_behind_max_s, shell.give_credit)
        stops.start()
        states.start()
        backlogs.start()
        pressure.start()
        try:
            shell.run(stopping)
        finally:
            for other in (pressure, backlogs, states, stops):
                other.stop()
