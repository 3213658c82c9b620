"""The peers of a run, what was exchanged with them, and the matrix at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.interop import certificate, matrix
from tests.interop.deviations import DEVIATIONS
from tests.interop.installation import NotInstalledError, peer_command
from tests.interop.peer import Peer
from tests.interop.relay import Conversation, Relay, relay_to

HERE = "tests/interop"
VERDICT = pytest.StashKey[str]()
TIMEOUT_S = 300  # the first test of a peer installs it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in str(item.path):
            item.add_marker(pytest.mark.interop)
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            _mark_deviation(item)


def _mark_deviation(item: pytest.Item) -> None:
    cell = matrix.Cell.of(item.nodeid)
    key = (cell.peer, cell.line) if cell else ("", "")
    if key in DEVIATIONS:
        item.add_marker(pytest.mark.skip(reason=DEVIATIONS[key]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in matrix.lines(terminalreporter.stats):
        terminalreporter.write_line(line)
    if verdict := terminalreporter.config.stash.get(VERDICT, ""):
        terminalreporter.write_line(verdict)


class Stage:
    """Every peer that runs, started when first asked for, and every conversation of the run."""

    def __init__(self, certificates: Path) -> None:
        self.certificates = certificates
        self.conversations: list[Conversation] = []
        self.verdict = ""
        self._peers: dict[str, Peer] = {}
        self._missing: dict[str, str] = {}

    async def peer(self, name: str) -> Peer:
        """The peer, running; the test is skipped where it cannot be had."""
        if name in self._missing:
            pytest.skip(f"{name} is not here: {self._missing[name]}")
        if name not in self._peers or not self._peers[name].is_running:
            try:
                command = await asyncio.to_thread(peer_command, name, self.certificates)
            except NotInstalledError as error:
                self._missing[name] = str(error)
                pytest.skip(f"{name} is not here: {error}")
            self._peers[name] = await Peer.start(name, command)
        return self._peers[name]

    @asynccontextmanager
    async def relay(self, port: int) -> AsyncIterator[Relay]:
        """A relay to `port` whose conversations are kept."""
        async with relay_to(port, self.conversations) as relay:
            yield relay

    async def end(self) -> None:
        """End every peer."""
        await asyncio.gather(*[peer.end() for peer in self._peers.values()])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[Stage]:
    """The stage of this run."""
    folder = tmp_path_factory.mktemp("certificates")
    certificate.make(folder)
    made = Stage(folder)
    yield made
    pytestconfig.stash[VERDICT] = made.verdict
    await made.end()


@pytest_asyncio.fixture(loop_scope="session")
async def peer(stage: Stage, peer_name: str) -> AsyncIterator[Peer]:
    """The peer of this test's row; its session is closed when the test is over."""
    made = await stage.peer(peer_name)
    yield made
    if made.is_running:
        await made.do("close")
