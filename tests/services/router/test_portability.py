"""Numbers looked up elsewhere: nothing waits for long, nothing is asked twice, all is counted."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from pipeline.config import Config, section
from pipeline.errors import ConfigError
from pipeline.ids import Msisdn
from services.router.config import PortabilityConfig, RouterConfig
from services.router.portability import (
    ANSWER_OCTETS_MAX,
    FAILED_LIFE_S,
    HttpLookUp,
    HttpPortability,
    LookUpError,
    network_in,
)

URL = "http://127.0.0.1:1/{number}"
NUMBER, OTHER = Msisdn("46701234567"), Msisdn("46701234568")
PATIENCE_S = 10  # of the test itself


class Asking:
    """A port whose look-ups are the test's own."""

    def __init__(self, look_up: Callable[[Msisdn], str | None], **own: Any) -> None:
        self.now_s = 1000.0
        self.asked: list[Msisdn] = []
        self.results: Counter[str] = Counter()
        settings = {"url": URL, "wait_ms": 1000, "wait_share": 0.9, **own}
        self.port = HttpPortability(
            PortabilityConfig(**settings), self._note(look_up), self._count, lambda: self.now_s
        )

    def _note(self, look_up: Callable[[Msisdn], str | None]) -> Callable[[Msisdn], str | None]:
        def noted(recipient: Msisdn) -> str | None:
            self.asked.append(recipient)
            return look_up(recipient)

        return noted

    def _count(self, result: str) -> None:
        self.results[result] += 1

    def until(self, result: str) -> str | None:
        """Ask about NUMBER until that comes of it."""
        for _ in range(PATIENCE_S * 100):
            code = self.port.network_of(NUMBER)
            if self.results[result]:
                return code
            Event().wait(0.01)
        raise AssertionError(self.results)


def test_an_answer_in_time_is_given_and_kept_for_its_life() -> None:
    own = Asking(lambda _: "24001", life_s=60)
    assert [own.port.network_of(NUMBER) for _ in range(3)] == ["24001"] * 3
    assert own.results == {"answered": 1, "kept": 2}
    own.now_s += 61
    assert own.port.network_of(NUMBER) == "24001"
    assert own.asked == [NUMBER, NUMBER]


def test_an_answer_that_knows_no_network_is_kept_too() -> None:
    own = Asking(lambda _: None)
    assert [own.port.network_of(NUMBER) for _ in range(2)] == [None, None]
    assert own.results == {"answered": 1, "kept": 1}


def test_an_answer_that_comes_late_is_there_for_the_next_message() -> None:
    open_now = Event()

    def look_up(_: Msisdn) -> str | None:
        assert open_now.wait(PATIENCE_S)
        return "24001"

    own = Asking(look_up, wait_ms=0)
    assert own.port.network_of(NUMBER) is None
    assert own.port.network_of(NUMBER) is None
    assert own.results == {"late": 2}
    open_now.set()
    assert own.until("kept") == "24001"
    assert own.asked == [NUMBER]


def test_an_answer_that_nobody_came_for_grows_old_too() -> None:
    open_now, codes = Event(), iter(["24001", "24002"])

    def look_up(_: Msisdn) -> str | None:
        assert open_now.wait(PATIENCE_S)
        return next(codes)

    own = Asking(look_up, wait_ms=0, life_s=60)
    assert own.port.network_of(NUMBER) is None
    open_now.set()
    while not own.port._asked[NUMBER].done():
        Event().wait(0.01)
    own.now_s += 61
    assert own.port.network_of(NUMBER) != "24001"
    assert own.until("kept") == "24002"


def test_while_all_threads_are_asking_nobody_waits_and_no_more_is_asked() -> None:
    open_now = Event()

    def look_up(_: Msisdn) -> str | None:
        assert open_now.wait(PATIENCE_S)
        return "24001"

    own = Asking(look_up, wait_ms=0, threads=1)
    for number in range(10):
        assert own.port.network_of(Msisdn(f"4670000000{number}")) is None
    assert own.results == {"late": 4, "busy": 6}
    open_now.set()
    assert own.until("kept") == "24001"  # room again, once those are done that nobody came for
    assert len(own.asked) == 5


def test_a_look_up_that_failed_is_not_made_again_at_once() -> None:
    def look_up(_: Msisdn) -> str | None:
        raise LookUpError("no answer")

    own = Asking(look_up)
    assert [own.port.network_of(NUMBER) for _ in range(3)] == [None] * 3
    assert own.results == {"failed": 1, "kept": 2}
    own.now_s += FAILED_LIFE_S + 1
    assert own.port.network_of(NUMBER) is None
    assert own.results["failed"] == 2


def test_a_bug_is_not_taken_for_a_carrier_that_fails() -> None:
    own = Asking(lambda _: {}["x"])
    with pytest.raises(KeyError):
        own.port.network_of(NUMBER)


def test_no_more_is_kept_than_the_limit() -> None:
    own = Asking(lambda _: "24001", kept_max=2)
    for number in (NUMBER, OTHER, Msisdn("4790000000"), OTHER, NUMBER):
        assert own.port.network_of(number) == "24001"
    assert own.results == {"answered": 4, "kept": 1}


# --- over HTTP --------------------------------------------------------------------------------


class Answering(BaseHTTPRequestHandler):
    """Answers by what the path says."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str | None, int]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["X-Key"], self.client_address[1]))
        octets = {
            "/long": b" " * (ANSWER_OCTETS_MAX + 1),
            "/garbage": b"<html>",
        }.get(self.path.partition("?")[0], b'{"result": {"mccmnc": "240-01"}}')
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)
        self.close_connection = "hangs-up" in self.path

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[str, list[tuple[str, str | None, int]]]]:
    seen: list[tuple[str, str | None, int]] = []
    handler = type("Own", (Answering,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join(PATIENCE_S)


def looking_up(url: str, **own: Any) -> HttpLookUp:
    settings = {"url": url, "field": "result.mccmnc", "headers": {"X-Key": "k"}, **own}
    return HttpLookUp(PortabilityConfig(**settings))


def test_a_number_is_asked_for_in_the_url_over_one_connection() -> None:
    with serving() as (url, seen):
        own = looking_up(url + "/v1/lookup?n={number}&full=1")
        assert [own(NUMBER), own(OTHER)] == ["24001", "24001"]
    (one, other) = seen
    assert one[:2] == (f"/v1/lookup?n={NUMBER}&full=1", "k")
    assert other[:2] == (f"/v1/lookup?n={OTHER}&full=1", "k")
    assert one[2] == other[2]


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    with serving() as (url, seen):
        own = looking_up(url + "/hangs-up?n={number}")
        assert [own(NUMBER) for _ in range(3)] == ["24001"] * 3
    assert len({port for *_, port in seen}) == 3


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/missing?n={number}", "status 404"),
        ("/long?n={number}", "more than 65536 octets"),
        ("/garbage?n={number}", "can't be read"),
    ],
)
def test_what_is_no_answer_is_a_look_up_that_failed(path: str, fault: str) -> None:
    with serving() as (url, _):
        own = looking_up(url + path)
        for _ in range(2):  # the connection is of use afterwards, or is made anew
            with pytest.raises(LookUpError, match=fault):
                own(NUMBER)


def test_who_does_not_answer_has_failed_when_the_time_is_over() -> None:
    with pytest.raises(LookUpError, match="ConnectionRefused"):
        looking_up("http://127.0.0.1:1/{number}")(NUMBER)
    silent = ThreadingHTTPServer(("127.0.0.1", 0), Answering)  # listens, and never accepts
    with silent, pytest.raises(LookUpError, match="no answer: TimeoutError"):
        looking_up(f"http://127.0.0.1:{silent.server_address[1]}/{{number}}", timeout_s=0.05)(
            NUMBER
        )


@pytest.mark.parametrize(
    ("octets", "field", "code"),
    [
        (b'{"network": "24001"}', "network", "24001"),
        (b'{"network": 24001}', "network", "24001"),
        (b'{"a": {"b": "240-01"}}', "a.b", "24001"),
        (b'{"network": null}', "network", None),
        (b'{"network": ""}', "network", None),
        (b'{"a": 1}', "a.b", None),
        (b"[]", "network", None),
    ],
)
def test_the_network_stands_where_the_settings_say(
    octets: bytes, field: str, code: str | None
) -> None:
    assert network_in(octets, field) == code


@pytest.mark.parametrize("octets", [b"", b"{", b'{"network": "Telia"}', b'{"network": {}}'])
def test_an_answer_that_makes_no_sense_is_refused(octets: bytes) -> None:
    with pytest.raises(LookUpError, match="can't be read"):
        network_in(octets, "network")


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ({"url": "http://h/lookup"}, "portability.url: must be an http or https URL with {number}"),
        ({"url": "ftp://h/{number}"}, "portability.url: must be an http or https URL"),
        ({"url": URL, "wait": 1}, "portability.wait: there is no such setting"),
        ({"url": URL, "headers": {"X-Key": "${NO_SUCH_KEY}"}}, "NO_SUCH_KEY is not set"),
    ],
)
def test_a_wrong_setting_is_told_with_its_place(own: dict[str, Any], fault: str) -> None:
    config = Config(services={"router": {"portability": own}})
    with pytest.raises(ConfigError) as caught:
        section(config, "router", RouterConfig)
    assert fault in str(caught.value)
    assert "services.router.portability" in str(caught.value)
