"""What the state of a stateful service may take: the limits of its RocksDB stores, and of malloc.

Each partition of the input topic has a store of its own, so what is per store is taken as often as
a process has partitions: twelve times where it is alone. As Quix Streams sets them by itself, write
buffers and log could grow to some GiB before anything is written down.
"""

import ctypes
from dataclasses import dataclass

from quixstreams.state.rocksdb import RocksDBOptions
from rocksdict import Options

KIB, MIB = 1 << 10, 1 << 20

WRITE_BUFFER = 4 * MIB  # of each column family of a store
WRITE_BUFFERS = 2  # one that is filled and one that is written down
LOG_AHEAD = 8 * MIB  # of a store; what is in the log is in the buffers too
BLOCK_CACHE = 64 * MIB  # of the process, over all stores
LEVEL = 32 * MIB  # of a store, before there is a level above; each is ten times the one below
INFO_LOG = 256 * KIB  # what RocksDB tells about itself, never read by us
INFO_LOGS = 2
ARENAS_MAX = 2
M_ARENA_MAX = -8  # as <malloc.h> of glibc names it


@dataclass(frozen=True)
class Limits(RocksDBOptions):
    """The options of every store, with the limits Quix Streams has no name for."""

    write_buffer_size: int = WRITE_BUFFER
    max_write_buffer_number: int = WRITE_BUFFERS
    target_file_size_base: int = WRITE_BUFFER
    max_total_wal_size: int = LOG_AHEAD
    block_cache_size: int = BLOCK_CACHE

    def to_options(self) -> Options:
        """As RocksDB takes them."""
        options = super().to_options()
        options.set_max_bytes_for_level_base(LEVEL)
        options.set_max_log_file_size(INFO_LOG)
        options.set_keep_log_file_num(INFO_LOGS)
        return options


def keep_arenas_few() -> None:
    """Have the threads of this process share their memory, where malloc is that of glibc.

    By itself it gives them eight arenas a processor, and what is free in one is of no use in the
    others: with 1,000,000 segments a correlator took 442 MiB (measured), with two arenas 270.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, ARENAS_MAX)
