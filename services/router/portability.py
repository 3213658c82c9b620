"""Number portability asked over HTTP, while messages go on.

A router decides one message at a time, so whoever waits for an answer lets all others wait. So a
number is looked up on a thread of its own; the message that needs it waits for a moment, and goes
by its prefix when the answer is not there in time. The answer is kept for the next one. All waiting
together is limited to a share of the time (`patience.py`), so a look-up that is slow or gone costs
exactness and not speed. What becomes of each is counted.

Only the router's own thread touches what is kept; the others ask and answer.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from pipeline.ids import Msisdn
from services.router.config import PortabilityConfig
from services.router.networks import code_of
from services.router.patience import Patience

ANSWER_OCTETS_MAX = 65_536
FAILED_LIFE_S = 10.0  # so long a number is not asked for again after a look-up that failed
ASKED_PER_THREAD_MAX = 4  # look-ups that wait for a thread; beyond, the prefix answers at once


class LookUpError(Exception):
    """No answer, or none that can be read."""


class Kept(NamedTuple):
    """What is known of a number, and until when; seconds of a clock that never goes back."""

    code: str | None
    until_s: float
    result: str


class HttpPortability:
    """Looks numbers up, at most so many at a time, and keeps the answers for a while."""

    def __init__(
        self,
        own: PortabilityConfig,
        look_up: Callable[[Msisdn], str | None],
        count: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look_up` blocks, and raises LookUpError; `count` hears what becomes of each question."""
        self._own = own
        self._look_up = look_up
        self._count = count
        self._clock = clock
        self._patience = Patience(own.wait_share, own.wait_ms / 1000, clock())
        self._threads = ThreadPoolExecutor(own.threads, "portability")
        self._asked: dict[Msisdn, Future[Kept]] = {}
        self._kept: OrderedDict[Msisdn, Kept] = OrderedDict()

    def network_of(self, recipient: Msisdn) -> str | None:
        """The code of its network, waited for as long as the settings allow."""
        if recipient in self._asked and self._asked[recipient].done():
            self._keep(recipient)
        kept = self._kept.get(recipient)
        if kept is not None and kept.until_s > self._clock():
            self._count("kept")
            return kept.code
        asked = self._asked.get(recipient) or self._ask(recipient)
        if asked is None:
            self._count("busy")
            return None
        self._wait(asked)
        if not asked.done():
            self._count("late")
            return None
        kept = self._keep(recipient)
        self._count(kept.result)
        return kept.code

    def _ask(self, recipient: Msisdn) -> "Future[Kept] | None":
        asked_max = self._own.threads * ASKED_PER_THREAD_MAX
        if len(self._asked) >= asked_max:
            for other in [name for name, future in self._asked.items() if future.done()]:
                self._keep(other)
        if len(self._asked) >= asked_max:
            return None
        self._asked[recipient] = self._threads.submit(self._answer, recipient)
        return self._asked[recipient]

    def _answer(self, recipient: Msisdn) -> Kept:
        """On a thread."""
        try:
            code = self._look_up(recipient)
        except LookUpError:
            return Kept(None, self._clock() + FAILED_LIFE_S, "failed")
        return Kept(code, self._clock() + self._own.life_s, "answered")

    def _wait(self, asked: "Future[Kept]") -> None:
        begin_s = self._clock()
        wait([asked], timeout=self._patience.left_s(begin_s))
        self._patience.spend(self._clock() - begin_s)

    def _keep(self, recipient: Msisdn) -> Kept:
        """The answer is there; a bug of ours on the thread ends the process here."""
        kept = self._asked.pop(recipient).result()
        self._kept[recipient] = kept
        self._kept.move_to_end(recipient)
        if len(self._kept) > self._own.kept_max:
            self._kept.popitem(last=False)
        return kept


class HttpLookUp:
    """Asks a URL for one number; connections are kept open between questions."""

    def __init__(self, own: PortabilityConfig) -> None:
        self._own = own
        self._headers: Mapping[str, str] = {
            name: value.get_secret_value() for name, value in own.headers.items()
        }
        self._idle: SimpleQueue[HTTPConnection] = SimpleQueue()

    def __call__(self, recipient: Msisdn) -> str | None:
        """The code of its network, None where the answer has none. Raises LookUpError."""
        url = urlsplit(self._own.url.replace("{number}", recipient))
        path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        try:
            connection = self._idle.get_nowait()
        except Empty:
            kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
            connection = kind(url.hostname or "", url.port, timeout=self._own.timeout_s)
        octets = self._got(connection, path)
        self._idle.put(connection)
        return network_in(octets, self._own.field)

    def _got(self, connection: HTTPConnection, path: str) -> bytes:
        is_old = connection.sock is not None  # the other side may have closed it meanwhile
        try:
            connection.request("GET", path, headers=dict(self._headers))
            answer = connection.getresponse()
            octets = answer.read(ANSWER_OCTETS_MAX + 1)
        except (OSError, HTTPException) as error:
            connection.close()
            if is_old and not isinstance(error, TimeoutError):
                return self._got(connection, path)
            raise LookUpError(f"no answer: {type(error).__name__}") from error
        if len(octets) > ANSWER_OCTETS_MAX or answer.status != 200:
            connection.close()
            raise LookUpError(f"status {answer.status}, or more than {ANSWER_OCTETS_MAX} octets")
        return octets


def network_in(octets: bytes, field: str) -> str | None:
    """The code that stands at `field` of a JSON answer, names joined by dots; None where nothing
    does. Raises LookUpError for what is no answer."""
    try:
        found: Any = msgspec.json.decode(octets)
        for name in field.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return None if found in (None, "") else code_of(str(found))
    except (msgspec.DecodeError, ValueError) as error:
        raise LookUpError(f"the answer can't be read: {error}") from error
