"""What `services.intake` may say."""

import pytest

from pipeline.config import Config, section
from pipeline.errors import ConfigError
from services.intake.config import IntakeConfig


def test_a_lane_has_a_rate_where_it_is_given_one() -> None:
    config = Config(dev=True, services={"intake": {"segments_per_s": {"bulk": 200}}})
    own = section(config, "intake", IntakeConfig)
    assert own.segments_per_s.model_dump() == {"normal": None, "bulk": 200}


def test_the_priority_lane_can_be_given_none() -> None:
    config = Config(dev=True, services={"intake": {"segments_per_s": {"priority": 200}}})
    with pytest.raises(ConfigError, match=r"services\.intake\.segments_per_s\.priority"):
        section(config, "intake", IntakeConfig)
