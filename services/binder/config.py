"""Settings of the binder: `services.binder` of heliograph.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.config import Section
from services.binder import core
from services.binder.lanes import NORMAL_SHARE


class BinderConfig(Section):
    """Limits of one binder process."""

    connectors: tuple[str, ...] = ()
    """Which connectors this process serves; all of them when empty."""
    unconfirmed_per_window: Annotated[float, Field(ge=1, le=10)] = 2.0
    """Segments written whose outcome Kafka has not confirmed, at most: this share of the windows of
    all owned binds. What a crash can send twice."""
    queue_segments_max: Annotated[int, Field(ge=10, le=100_000)] = 2000
    """Segments taken from Kafka and not yet written; at the limit fetching pauses."""
    paused_segments_max: Annotated[int, Field(ge=10, le=1_000_000)] = 50_000
    """Segments of what is paused, kept aside so that others pass; at the limit fetching pauses."""
    delivers_unconfirmed_max: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """deliver_sm taken and not yet in Kafka; above it the SMSC is told to come back."""
    normal_share: Annotated[float, Field(ge=0, le=0.5)] = NORMAL_SHARE
    """Of the segments written, what is not the priority lane's at least, while there is any."""
    commit_interval_s: Annotated[float, Field(gt=0, le=10)] = 0.2
    drain_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10
    """How long a stop or rebalance waits for answers; what is unanswered then is sent again."""
    retry_in_place_s: Annotated[float, Field(ge=0, le=3600)] = core.RETRY_IN_PLACE_S
    """Delays of a recipient that can't take more, in all; then what is refused waits in Kafka."""
    postpone_s: Annotated[float, Field(ge=1, le=86_400)] = core.POSTPONE_S
    """How long it waits there before it is written again."""
    reconnect_min_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    reconnect_max_s: Annotated[float, Field(gt=0, le=600)] = 60
    fence_after_s: Annotated[float, Field(gt=0, le=60)] = 3
    """A loop that stood still for so long writes nothing until the group has confirmed what is
    ours; at most half of the group's session time-out."""
    state_interval_s: Annotated[float, Field(gt=0, le=60)] = 3
    """How often each bind lease says how it is; a router believes it four times as long."""
