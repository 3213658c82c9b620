"""Where a key is: as Kafka's own clients have it."""

import pytest

from pipeline.kafka.partitions import murmur2, partition_of


@pytest.mark.parametrize(  # of org.apache.kafka.common.utils.UtilsTest.testMurmur2
    ("text", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_the_hash_is_that_of_kafka(text: str, signed: int) -> None:
    assert murmur2(text.encode()) == signed & 0xFFFFFFFF


def test_a_key_is_in_one_of_the_partitions() -> None:
    assert {partition_of(f"{n}".encode(), 12) for n in range(500)} == set(range(12))
