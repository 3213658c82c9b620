"""The four scenarios: how the SMSC answers, and what window the ESME keeps."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Scenario:
    """Answers wait between `delay_min_s` and `delay_max_s`, each its own time."""

    name: str
    title: str
    window: int = 100
    delay_min_s: float = 0.0
    delay_max_s: float = 0.0
    has_receipts: bool = False

    @property
    def is_delayed(self) -> bool:
        """Whether an answer ever waits."""
        return self.delay_max_s > 0

    @property
    def ceiling(self) -> float:
        """Messages a second that a full window allows; infinite when nothing waits."""
        mean_s = (self.delay_min_s + self.delay_max_s) / 2
        return self.window / mean_s if self.is_delayed else inf


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("at-once", "answers at once, window 100"),
        Scenario("delayed", "answers after 20 ms, window 100", 100, 0.020, 0.020),
        Scenario("receipts", "answers at once, a receipt each, window 100", has_receipts=True),
        Scenario("spread", "answers after 20 to 40 ms, window 1,000", 1000, 0.020, 0.040),
    )
}
