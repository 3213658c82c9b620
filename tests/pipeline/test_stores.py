"""A store keeps to its limits: buffers, log ahead, what it tells about itself."""

import ctypes
import platform
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Thread

import pytest
from rocksdict import Rdict

from pipeline.stores import (
    ARENAS_MAX,
    INFO_LOG,
    INFO_LOGS,
    LOG_AHEAD,
    MIB,
    WRITE_BUFFER,
    Limits,
    keep_arenas_few,
)

WRITTEN = 32 * MIB
VALUE = bytes(range(256)) * 4
THREADS = 4


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


def report(*, is_few: bool) -> None:
    """Take memory in some threads at once and write what malloc tells of it to standard output."""
    if is_few:
        keep_arenas_few()
    all_there, libc = Barrier(THREADS), ctypes.CDLL(None)

    def take() -> None:
        all_there.wait(10)
        kept = libc.malloc(100_000)
        all_there.wait(10)
        assert kept

    threads = [Thread(target=take) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
    libc.fflush(None)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is not that of glibc")
@pytest.mark.parametrize("is_few", [True, False])
def test_the_threads_of_a_process_share_their_memory(is_few: bool) -> None:
    code = f"from tests.pipeline.test_stores import report; report(is_few={is_few})"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert (told.count("<heap nr=") <= ARENAS_MAX) == is_few
