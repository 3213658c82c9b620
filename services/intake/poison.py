"""A partition that holds nothing one can read is somebody's mistake, and not ours to bury whole."""

from collections import Counter

Partition = tuple[str, int]


class Poison:
    """Counts what can't be read in a row, by partition; pure."""

    def __init__(self, in_a_row_max: int) -> None:
        self._most = in_a_row_max
        self._in_a_row: Counter[Partition] = Counter()

    def readable(self, partition: Partition) -> None:
        """A record of it could be read."""
        self._in_a_row.pop(partition, None)

    def unreadable(self, partition: Partition) -> bool:
        """A record of it could not be read; whether it is one too many."""
        self._in_a_row[partition] += 1
        return self._in_a_row[partition] >= self._most

    def forget(self, partition: Partition) -> None:
        """Begin anew with it."""
        self._in_a_row.pop(partition, None)
