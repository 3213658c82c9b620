"""One SMS read by a support desk: its story, its PDUs, its records; and every command in JSON.

The carrier is reached through a relay that keeps what passes: so the PDUs that `pdu` makes anew are
compared with those that went over the wire.
"""

import json
import os
import pty
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from heliograph.canaries import Canaries
from heliograph.chaos.relay import Relay
from heliograph.cli import APP
from pipeline.broker import free_port
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.errors import HeliographError
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtEvent
from smpp.framing import Framer
from tests.end_to_end.pipelines import TO_SLOW, Pipeline, heliograph, running

CODEC = Codec()
DEADLINE_S = 60
TEXT = "a text that nobody else may read"
NUMBERS = {"delivered": "46701234560", "long": "46701234561", "refused": "99946700013"}
TEXTS = {"delivered": TEXT, "long": f"{TEXT}, ÅÄÖ 漢字 " * 5, "refused": TEXT}
PASSWORDS = {f"{name}_PASSWORD": f"s3-{name}" for name in ("SLOW", "FAST", "TEST")}
CARRIER = """
base: test
message_ids: {in_response: hexadecimal, in_receipt: decimal}
"""


class Wire(Relay):
    """A relay that keeps what passes, by the connection it goes to."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.passed: dict[Any, bytearray] = defaultdict(bytearray)

    async def _pass(self, octets: bytes, writer: Any) -> None:
        self.passed[writer] += octets
        await super()._pass(octets, writer)

    def pdus(self) -> set[bytes]:
        """Every PDU that has passed whole, but for its sequence_number."""
        found = set()
        for octets in self.passed.values():
            found |= {unnumbered(pdu) for pdu in Framer().feed(bytes(octets))}
        return found


def unnumbered(pdu: bytes) -> bytes:
    return pdu[:12] + bytes(4) + pdu[16:]


@contextmanager
def wire(target: int) -> Iterator[Wire]:
    own = Wire(target)
    own.start()
    try:
        yield own
    finally:
        own.stop()


class Desk:
    """A pipeline, what passed to its carrier, and what every command may not show."""

    def __init__(self, pipeline: Pipeline, passed: Wire) -> None:
        self.pipeline, self.wire = pipeline, passed
        self.canaries = Canaries([TEXT, *PASSWORDS.values()])
        for number in NUMBERS.values():
            self.canaries.note_number(number)

    def ask(self, *arguments: str, code: int = 0) -> str:
        """What a command says to a script, which is nothing of a person."""
        where = ("--config", str(self.pipeline.config))
        done = CliRunner().invoke(APP, [*arguments, *where])
        said = [done.stdout, done.stderr, str(done.exception)]
        assert (2 if isinstance(done.exception, HeliographError) else done.exit_code) == code, said
        assert self.canaries.search([("output", said)]).found == 0, said
        return done.stdout

    def told(self, *arguments: str, code: int = 0) -> Any:
        """The one document it says."""
        (line,) = self.ask(*arguments, "--json", code=code).splitlines()
        return json.loads(line)

    def on_a_terminal(self, *arguments: str) -> str:
        """What it says to somebody who looks."""
        where = ("--config", str(self.pipeline.config))
        ours, theirs = pty.openpty()
        with open(ours, "rb", buffering=0) as screen:
            process = subprocess.Popen(
                [sys.executable, "-m", "heliograph", *arguments, *where],
                stdout=theirs,
                stderr=subprocess.PIPE,
            )
            os.close(theirs)
            shown = bytearray()
            try:
                while octets := screen.read(65_536):
                    shown += octets
            except OSError:  # nobody has the other end any more
                pass
            assert process.stderr is not None
            said = process.stderr.read().decode()
            assert process.wait(DEADLINE_S) == 0, said
            process.stderr.close()
        assert "numbers and texts of people follow" in said
        return shown.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    port = free_port()
    with wire(port) as passed, pytest.MonkeyPatch.context() as patch:
        for name, password in PASSWORDS.items():
            patch.setenv(name, password)

        def through_it(config: Any) -> None:
            config["services"]["sandbox"]["slow"]["port"] = port
            config["connectors"]["slow"]["hosts"] = f"127.0.0.1:{passed.port}"

        folder = tmp_path_factory.mktemp("reading")
        with running(folder, {"slow": CARRIER}, routes=TO_SLOW, change=through_it) as pipeline:
            patch.setenv("HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS", pipeline.bootstrap)
            own = Desk(pipeline, passed)
            send(pipeline)
            yield own


def send(pipeline: Pipeline) -> None:
    """Ask for each, and wait until each has ended; one record can't be read."""
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    for message_id, number in NUMBERS.items():
        asked = {"message_id": message_id, "to": f"+{number}", "from": "ACME"}
        octets = json.dumps(asked | {"text": TEXTS[message_id]}).encode()
        producer.produce("sms.mt.request", octets)
    producer.produce("sms.mt.request", f"{{{NUMBERS['long']} {TEXT}".encode())
    assert producer.flush(10) == 0
    kafka, deadline = KafkaConfig(bootstrap_servers=pipeline.bootstrap), time.monotonic() + 60
    events: list[MtEvent] = []
    while {event.message_id for event in events if event.terminal} != NUMBERS.keys():
        assert time.monotonic() < deadline, [(one.message_id, one.event) for one in events]
        time.sleep(0.5)
        events = [CODEC.decode(m.value(), MtEvent) for m in read_to_end(kafka, ["sms.mt.event"])]


@pytest.mark.parametrize(
    ("message_id", "begins", "holds"),
    [
        ("delivered", "It was delivered by the carrier slow at ", " after it was asked for."),
        ("long", "It was delivered by the carrier slow at ", " after it was asked for."),
        ("refused", "It was refused at ", "the destination address is invalid (ESME_RINVDSTADR)."),
    ],
)
def test_a_support_desk_has_one_sentence_to_tell_on(
    desk: Desk, message_id: str, begins: str, holds: str
) -> None:
    told = desk.ask("trace", message_id, "--why")
    assert told.startswith(begins)
    assert told.endswith(f"{holds}\n")
    assert told.count("\n") == 1
    assert desk.ask("trace", message_id, "--why", "--topics") == told
    assert desk.ask("trace", f"+{NUMBERS[message_id]}", "--why") == told
    assert desk.ask("trace", NUMBERS[message_id], "--why", "--topics") == told


def test_a_story_is_the_same_of_the_view_and_of_the_topics(desk: Desk) -> None:
    lines = desk.ask("trace", "delivered").splitlines()
    assert "requested by default" in lines[0]
    assert lines[-1].endswith("receipt: DELIVERED - delivered")
    assert desk.ask("trace", "delivered", "--topics").splitlines() == lines
    (told,) = desk.told("trace", "delivered")
    assert (told["message_id"], len(told["steps"])) == ("delivered", len(lines))


def test_who_is_unknown_is_told_so(desk: Desk) -> None:
    for wanted in ("nobody", "+46700000009"):
        desk.ask("trace", wanted, code=2)
        desk.ask("pdu", wanted, code=2)


@pytest.mark.parametrize("message_id", NUMBERS)
def test_pdus_are_those_that_went_over_the_wire_but_for_their_numbers(
    desk: Desk, message_id: str
) -> None:
    whole = json.loads(desk.on_a_terminal("pdu", message_id, "--unmasked", "--json"))
    masked = desk.told("pdu", message_id)
    passed = desk.wire.pdus()
    assert [one["command"] for one in masked] == [one["command"] for one in whole]
    for own, hidden in zip(whole, masked, strict=True):
        octets = bytes.fromhex(own["hex"])
        assert octets in passed, own
        assert len(bytes.fromhex(hidden["hex"])) == len(octets)
        assert (own["masked"], hidden["masked"]) == (False, True)
    commands = [one["command"] for one in whole]
    segments = commands.count("submit_sm")
    assert segments == len({pdu for pdu in passed if f"{message_id}|".encode() in pdu})
    assert commands.count("submit_sm_resp") == segments
    assert commands.count("deliver_sm") == (0 if message_id == "refused" else segments)
    assert (segments > 1) == (message_id == "long")


def test_pdus_of_a_number_are_those_of_its_newest(desk: Desk) -> None:
    assert desk.told("pdu", f"+{NUMBERS['delivered']}") == desk.told("pdu", "delivered")
    lines = desk.ask("pdu", "delivered")
    assert "segment 1/1 to slow, masked" in lines
    assert "destination_addr" in lines
    assert "46******560" in lines


def test_what_is_a_persons_goes_to_a_terminal_only(desk: Desk) -> None:
    desk.ask("pdu", "delivered", "--unmasked", code=2)
    desk.ask("tail", "sms.mt.event", "--unmasked", code=2)
    desk.ask("dlq", "show", "sms.mt.request.dlq", "--unmasked", code=2)
    assert NUMBERS["delivered"] in desk.on_a_terminal("tail", "sms.mt.event", "--unmasked")
    assert TEXT in desk.on_a_terminal("tail", "sms.mt.request", "--unmasked")


@pytest.mark.parametrize(
    ("arguments", "kinds", "count"),
    [
        (("sms.mt.event", "--where", "state=rejected"), {"MtEvent"}, 1),
        (("sms.mt.event", "--message-id", "delivered"), {"MtEvent"}, 3),
        (("sms.mt.request", "--where", "from=ACME"), {"MtRequest"}, 3),
        (("sms.mt.request", "--where", f"to=+{NUMBERS['long']}"), {"MtRequest"}, 1),
        (("sms.mt.request.dlq", "--since", "all"), {None}, 1),
        (("sms.router.in", "--where", "message_id=refused"), {"MtAdmitted"}, 1),
        (("sms.mt.event", "--where", "state=nowhere"), set(), 0),
    ],
)
def test_a_topic_is_told_decoded_filtered_and_masked(
    desk: Desk, arguments: tuple[str, ...], kinds: set[str | None], count: int
) -> None:
    lines = desk.ask("tail", *arguments, "--json").splitlines()
    assert {json.loads(line)["record"] for line in lines} == kinds
    assert len(lines) == count
    assert desk.ask("tail", *arguments).count("\n") == count


def test_a_topic_is_followed(desk: Desk) -> None:
    command = [sys.executable, "-m", "heliograph", "tail", "sms.mt.status", "--follow", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            seen = {json.loads(process.stdout.readline())["key"] for _ in NUMBERS}
            assert seen <= NUMBERS.keys()
        finally:
            process.kill()


COMMANDS = {  # what can be asked of a pipeline that runs: with which code it ends
    "binds list": 0,
    "config": 0,
    "dlq list": 1,
    "dlq show sms.mt.request.dlq": 0,
    "lag": 0,
    "message query nobody": 1,
    "optout add +46701234569": 0,
    "optout check +46701234569": 0,
    "optout export": 0,
    "receipts": 0,
    "report --from 2026-01-01": 0,
    "routes check": 0,
    "routes diff {routes}": 0,
    "routes explain +46701234569": 0,
    "routes history": 0,
    "routes simulate {routes}": 0,
    "schemas check": 0,
    "send +46701234568 hello": 0,
    "stop pause --campaign spring": 0,
    "stop list": 0,
    "stop resume --campaign spring": 0,
    "topics apply": 0,
    "topics diff": 0,
    "trace long": 0,
    "unresolved list": 0,
    "votes": 0,
}


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_says_one_document(desk: Desk, words: str) -> None:
    routes = desk.pipeline.config.with_name("routes.yaml")
    assert desk.told(*words.format(routes=routes).split(), code=COMMANDS[words]) is not None


def test_sandboxes_are_asked_too(desk: Desk) -> None:
    done = heliograph(desk.pipeline.bootstrap, "scenario", desk.pipeline.carriers["slow"], "--json")
    assert (done.returncode, "message_ids" in json.loads(done.stdout)) == (0, True)
    found = desk.told("verify", *desk.pipeline.ledgers, "--settle-s", "20")
    assert found["is_good"], found


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("stop", "list"), 0),
        (("dlq", "list"), 1),
        (("dlq", "show", "sms.nothing.dlq"), 2),
        (("trace", "nobody"), 2),
        (("tail", "sms.nothing"), 2),
        (("tail", "sms.mt.event", "--since", "yesterday"), 2),
        (("nothing",), 2),
    ],
)
def test_the_exit_code_is_the_same_with_and_without_json(
    desk: Desk, arguments: tuple[str, ...], code: int
) -> None:
    desk.ask(*arguments, code=code)
    if code != 2:
        desk.told(*arguments, code=code)


def test_what_lies_dead_is_dealt_with(desk: Desk) -> None:
    name = "sms.mt.request.dlq"
    (shown,) = desk.told("dlq", "show", name)
    assert (shown["may_go"], shown["why_not"]) == (False, "it still can't be read (not_json)")
    desk.ask("dlq", "replay", name, code=1)
    assert desk.told("dlq", "skip", name, "--yes")["skipped"] == 1
    assert desk.told("dlq", "list") == []


def test_the_configuration_is_not_shown_where_it_was(tmp_path: Path) -> None:
    """What is wrong with it is one sentence, and ends with 2."""
    broken = tmp_path / "heliograph.yaml"
    broken.write_text("kafka: {nothing: 1}\n", encoding="utf-8")
    done = heliograph("127.0.0.1:9", "stop", "list", "--json", "--config", str(broken))
    assert (done.returncode, done.stdout) == (2, "")
    assert "kafka.nothing" in done.stderr
