"""The correlator as a process: its core on its input topic, exactly once.

SIGHUP has the configuration read anew, so that receipts of a new connector are read its way and a
new keyword is known.
"""

import signal
import time
from collections.abc import Callable

from pipeline import stream, topics
from pipeline.config import Config, section
from pipeline.errors import ConfigError
from pipeline.kafka.admin import missing_topics
from pipeline.numbers import keywords
from pipeline.process import catalog, process
from pipeline.records import MtSubmitted, SmscDeliver, Wake
from pipeline.reloads import Reloaded
from services.correlator.config import CorrelatorConfig
from services.correlator.core import Correlator
from services.correlator.counting import CountingCorrelator, Windows
from services.correlator.gauges import Gauges

COMMIT_AFTER_S = 0.05  # of the quarter of a second that a receipt may take to sms.dlr


def main(read: Callable[[], Config], replica: str) -> None:
    """Run one correlator replica; `read` reads the configuration."""

    with process("correlator", read(), replica) as ground:
        gauges = Gauges(ground.metrics)
        window_s = section(ground.config, "correlator", CorrelatorConfig).receipts_window_s
        windows = Windows(replica, window_s * 1000)

        def make() -> CountingCorrelator:
            config = read()
            wanted = [topic for topic in catalog(config) if topic.name in keyword_topics(config)]
            if missing := missing_topics(config.kafka, wanted) if wanted else []:
                raise ConfigError([f"{n}: is not there; heliograph topics apply" for n in missing])
            own = section(config, "correlator", CorrelatorConfig)
            core = Correlator(config, own, time.monotonic, windows)
            return CountingCorrelator(core, windows, gauges.hear)

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
            commit_after_s=COMMIT_AFTER_S,
        )


def keyword_topics(config: Config) -> set[str]:
    """Names of the topics of the configured keywords: what a transaction could not write to."""
    return {topics.mo(keyword) for keyword in keywords(config.numbers)}
