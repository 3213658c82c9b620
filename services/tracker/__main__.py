"""The tracker as a process: its core on its input topic, exactly once."""

from pipeline import stream, topics
from pipeline.config import Config, section
from pipeline.process import process
from pipeline.records import (
    Command,
    Dlr,
    MtRejected,
    MtRouted,
    MtScheduled,
    MtSubmitted,
    MtWaiting,
    SmscCommanded,
    Wake,
)
from services.tracker.config import TrackerConfig
from services.tracker.core import Tracker
from services.tracker.quality import MeasuringTracker, Windows

COMMIT_AFTER_S = 0.1  # nobody waits for a status so long that a tenth of a second counts


def main(config: Config, replica: str) -> None:
    """Run one tracker replica."""
    own = section(config, "tracker", TrackerConfig)
    with process("tracker", config, replica) as ground:
        stream.run(
            MeasuringTracker(Tracker(own), Windows(replica, own.quality_window_s * 1000)),
            service="tracker",
            topic_in=topics.TRACKER_IN,
            kinds=(
                MtRouted,
                MtRejected,
                MtScheduled,
                MtWaiting,
                MtSubmitted,
                Dlr,
                Command,
                SmscCommanded,
                Wake,
            ),
            ground=ground,
            commit_after_s=COMMIT_AFTER_S,
        )
