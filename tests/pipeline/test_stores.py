"""A store keeps to its limits: buffers, log ahead, what it tells about itself."""

from contextlib import suppress
from pathlib import Path

from rocksdict import Rdict

from pipeline.stores import INFO_LOG, INFO_LOGS, LOG_AHEAD, MIB, WRITE_BUFFER, Limits

WRITTEN = 32 * MIB
VALUE = bytes(range(256)) * 4


def size(folder: Path, pattern: str) -> int:
    total = 0
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # the store has thrown it away meanwhile
            total += path.stat().st_size
    return total


def test_a_store_that_is_written_to_keeps_its_log_and_its_buffers_small(tmp_path: Path) -> None:
    store = Rdict(str(tmp_path), Limits().to_options())
    logged = buffered = 0
    for number in range(WRITTEN // len(VALUE)):
        store[b"%d" % number] = VALUE
        if number % 256 == 0:
            logged = max(logged, size(tmp_path, "*.log"))
            buffered = max(buffered, store.property_int_value("rocksdb.cur-size-all-mem-tables"))
    store.close()
    assert WRITE_BUFFER // 2 < logged <= LOG_AHEAD + 2 * WRITE_BUFFER
    assert WRITE_BUFFER // 2 < buffered <= 3 * WRITE_BUFFER


def test_what_a_store_tells_about_itself_is_thrown_away(tmp_path: Path) -> None:
    for _ in range(5):
        Rdict(str(tmp_path), Limits().to_options()).close()
    assert 0 < len(list(tmp_path.glob("LOG*"))) <= INFO_LOGS
    assert size(tmp_path, "LOG*") <= 2 * INFO_LOGS * INFO_LOG
