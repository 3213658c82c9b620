"""Intake as a process: requests of all lanes and tenants, each in its turn."""

from pipeline import topics
from pipeline.config import Config, section
from pipeline.process import process, stop_signal
from pipeline.records import Stop
from pipeline.tables import followed
from services.intake.config import IntakeConfig
from services.intake.lanes import GROUP
from services.intake.pressure import Pressure
from services.intake.shell import Shell


def main(config: Config, replica: str) -> None:
    """Run one intake replica."""
    own = section(config, GROUP, IntakeConfig)
    stopping = stop_signal()
    with process(GROUP, config, replica) as ground:
        shell = Shell(ground, own)
        stops = followed(ground, topics.CONTROL_STOP, Stop, shell.obey)
        pressure = Pressure(config.kafka, own.router_behind_max_s, shell.give_credit)
        stops.start()
        pressure.start()
        try:
            shell.run(stopping)
        finally:
            pressure.stop()
            stops.stop()
