"""A PostgreSQL of a test's own, as somebody who may run one; skipped aloud where there is none."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_TIMEOUT_S = 30
PLACES = ("/usr/local/bin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"))))
SETTINGS = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20")


class Server:
    """A server in a folder, reached by a socket in it."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.url = f"postgresql:///postgres?host={folder}&user=heliograph"
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.run("initdb", "--auth=trust", "--username=heliograph", "-N", "-D", f"{folder}/data")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        command = [found(program), *arguments]
        folder = self._folder
        subprocess.run(
            command, cwd=folder, user=self._user, check=True, capture_output=True, timeout=60
        )

    def start(self) -> None:
        """Serve, and wait until it does."""
        command = [found("postgres"), "-D", f"{self._folder}/data", "-k", str(self._folder)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [*command, *SETTINGS], cwd=self._folder, user=self._user, stdout=quiet, stderr=quiet
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        ready = [found("pg_isready"), "-q", "-h", str(self._folder)]
        while subprocess.run(ready, check=False, timeout=10).returncode:
            assert time.monotonic() < deadline
            assert self._process.poll() is None
            time.sleep(0.1)

    def kill(self) -> None:
        """As when its machine loses power, but for what the disk has."""
        assert self._process is not None
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
            os.kill(int(child), signal.SIGKILL)
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)


def found(program: str) -> str:
    """The path of one of PostgreSQL's programs."""
    path = shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))
    if path is None:
        pytest.skip(f"no PostgreSQL: install it ({program} is missing)")
    return path


@contextmanager
def server() -> Iterator[Server]:
    """One that serves. It refuses to be root's, so as root it is that of user postgres."""
    found("initdb")
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None and user not in {known.pw_name for known in pwd.getpwall()}:
        pytest.skip("no PostgreSQL: root may not run it, and there is no user postgres")
    with tempfile.TemporaryDirectory(prefix="heliograph-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        one = Server(folder, user)
        one.start()
        try:
            yield one
        finally:
            one.stop()
