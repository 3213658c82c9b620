"""How the sandbox behaves right now: the scenario in force and what was made of it.

Everything that acts looks here at the moment it acts, so that a scenario changes while running.
"""

import itertools
from collections.abc import Iterator
from random import Random

from services.sandbox.faults import Faults
from services.sandbox.mind import Mind
from services.sandbox.reports import Outcome
from services.sandbox.scenario import Scenario
from services.sandbox.scripts import Scripts
from services.sandbox.timers import now_ns
from services.sandbox.troubles import Fault

ABOVE = {  # what is done besides the status of the ledger, where a limit says so
    "drop": Fault(fault="never_answer_submit", share=1),
    "disconnect": Fault(fault="reset", share=1),
}


class Behaviour:
    """One scenario at a time; `numbers` are those of message ids, which go on."""

    def __init__(self, scenario: Scenario, seed: int, numbers: Iterator[int]) -> None:
        self._seed = seed
        self._numbers = numbers
        self.fates: dict[str, Outcome] = {}
        """What becomes of the messages to a number, whatever the scenario says."""
        self.change(scenario)

    def change(self, scenario: Scenario) -> None:
        """Behave like `scenario` from now on; the dice begin anew."""
        self.scenario = scenario
        self.began_ns = now_ns()
        numbers = itertools.count(1) if scenario.message_ids.is_reused else self._numbers
        self.mind = Mind(scenario, Random(self._seed), numbers, self.began_ns, self.fates)
        self.faults = Faults(scenario, Random(self._seed))
        self.scripts = Scripts(scenario.subscribers, Random(self._seed))
