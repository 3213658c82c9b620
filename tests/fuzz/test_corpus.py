"""Every file of the corpus through its target: seeds, the finds of others, and what was found."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_a_case_finds_nothing(case: Path) -> None:
    TARGETS[case.parent.name](case.read_bytes())


def test_every_target_has_seeds_and_no_other_has_any() -> None:
    assert {case.parent.name for case in CASES} == TARGETS.keys()
