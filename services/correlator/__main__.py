"""The correlator as a process: its core on its input topic, exactly once.

SIGHUP has the configuration read anew, so that receipts of a new connector are read its way.
"""

import signal
from collections.abc import Callable

from pipeline import stream, topics
from pipeline.config import Config, section
from pipeline.process import process
from pipeline.records import MtSubmitted, SmscDeliver, Wake
from pipeline.reloads import Reloaded
from services.correlator.config import CorrelatorConfig
from services.correlator.core import Correlator


def main(read: Callable[[], Config], replica: str) -> None:
    """Run one correlator replica; `read` reads the configuration."""

    def make() -> Correlator:
        config = read()
        return Correlator(config, section(config, "correlator", CorrelatorConfig))

    with process("correlator", read(), replica) as ground:

        def count(result: str) -> None:
            ground.metrics.counter("sms.correlator.reloads", result=result).value += 1

        core = Reloaded(make, count)
        signal.signal(signal.SIGHUP, lambda *_: core.ask())
        stream.run(
            core,
            service="correlator",
            topic_in=topics.CORRELATOR_IN,
            kinds=(
                MtSubmitted,
                SmscDeliver,
                Wake,
            ),
            ground=ground,
        )
