"""The correlator as a process: its core on its input topic, exactly once."""

from pipeline import stream, topics
from pipeline.config import Config, section
from pipeline.process import process
from pipeline.records import MtSubmitted, SmscDeliver, Wake
from services.correlator.config import CorrelatorConfig
from services.correlator.core import Correlator


def main(config: Config, replica: str) -> None:
    """Run one correlator replica."""
    own = section(config, "correlator", CorrelatorConfig)
    with process("correlator", config, replica) as ground:
        stream.run(
            Correlator(config, own),
            service="correlator",
            topic_in=topics.CORRELATOR_IN,
            kinds=(
                MtSubmitted,
                SmscDeliver,
                Wake,
            ),
            ground=ground,
        )
