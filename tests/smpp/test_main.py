import io
import subprocess
import sys
from pathlib import Path

import pytest

from smpp import __main__ as command
from smpp.errors import LinkError
from smpp.inspection.packets import RAW
from smpp.inspection.pcap import Frame
from smpp.pdu import BindTransceiver, EnquireLink, SubmitSm
from smpp.wire import encode
from tests.smpp.inspection.captures import DOWN, UP, ip, pcap, segment

ENQUIRE = encode(EnquireLink(sequence_number=1))
SUBMIT = encode(SubmitSm(sequence_number=2, source_addr="us", short_message=b"hi"))
BIND = encode(BindTransceiver(sequence_number=3, system_id="us", password="canary"))
CAPTURE = pcap(
    [
        Frame(1_700_000_000.25, RAW, ip(segment(UP, 1, b"\0" * 3 + BIND))),
        Frame(1_700_000_001.0, RAW, ip(segment(DOWN, 1, ENQUIRE))),
        Frame(1_700_000_002.0, RAW, ip(segment(DOWN, 27, ENQUIRE))),
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        ENQUIRE.hex(),
        ENQUIRE.hex(" "),
        ENQUIRE.hex(":").upper(),
        "0x" + ENQUIRE.hex(" ", 4).replace(" ", ", 0x"),
        ENQUIRE.hex("\n"),
    ],
)
def test_hex_is_taken_as_people_paste_it(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command.main(["decode", *text.split(" ")]) == 0
    given = capsys.readouterr().out
    assert given.startswith("enquire_link 1\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))
    assert command.main(["decode"]) == 0
    assert capsys.readouterr().out == given


def test_several_pdus_in_one_run_are_told_one_after_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["decode", (ENQUIRE + SUBMIT + BIND).hex()]) == 0
    out = capsys.readouterr().out
    titles = [line for line in out.splitlines() if not line.startswith(" ")]
    assert titles == ["enquire_link 1", "submit_sm 2", "bind_transceiver 3"]
    assert "canary" not in out
    assert command.main(["decode", BIND.hex(), "--show-secrets"]) == 0
    assert '"canary"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("octets", "fault"),
    [
        (ENQUIRE + SUBMIT[:-1], "command_length: 37 announced, 36 octets are here"),
        (ENQUIRE + b"\0\0\0\7" + bytes(12), "command_length: 7 announced, 16 octets are here"),
        (ENQUIRE + b"\0", "1 octets are no header"),
    ],
)
def test_what_is_broken_ends_with_1(
    octets: bytes, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["decode", octets.hex()]) == 1
    out = capsys.readouterr().out
    assert out.startswith("enquire_link 1\n")
    assert f"broken: {fault}" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["decode", "zz"], "'z' is no hex digit"),
        (["decode", "000"], "3 hex digits are not whole octets"),
        (["decode", " "], "there are no octets to decode"),
        (["sniff", "no-such-file"], "no-such-file: No such file or directory"),
        (["sniff"], "name a capture file, or a --port to listen beside"),
        (["sniff", __file__], "this is no pcap or pcapng file"),
    ],
)
def test_bad_input_gets_one_sentence_and_ends_with_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(arguments) == 2
    assert capsys.readouterr() == ("", f"python -m smpp: {sentence}\n")


def test_a_capture_is_told_in_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bind.pcap"
    file.write_bytes(CAPTURE)
    assert command.main(["sniff", str(file)]) == 0
    out, err = capsys.readouterr()
    up, down = "10.0.0.1:40000 > 10.0.0.2:2775", "10.0.0.2:2775 > 10.0.0.1:40000"
    assert out.splitlines() == [
        f'2023-11-14T22:13:20.250000Z {up}  bind_transceiver 3, system_id "us"'
        ", 3 octets before it are no PDU",
        f"2023-11-14T22:13:21.000000Z {down}  enquire_link 1",
        f"2023-11-14T22:13:22.000000Z {down}  enquire_link 1, 10 octets lost before it",
    ]
    assert err == "3 PDUs\n"


def test_a_capture_is_told_in_full_without_passwords(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bind.pcap"
    file.write_bytes(CAPTURE)
    assert command.main(["sniff", str(file), "--full", "--port", "2775"]) == 0
    out = capsys.readouterr().out
    assert "  password           ***\n" in out
    assert "canary" not in out
    assert command.main(["sniff", str(file), "--port", "2776"]) == 0
    assert capsys.readouterr() == ("", "0 PDUs\n")


def test_a_live_bind_is_listened_to_until_it_is_interrupted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def passing(_: object) -> object:
        yield Frame(0.0, RAW, ip(segment(UP, 1, ENQUIRE)))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "open_tap", lambda interface: interface)
    monkeypatch.setattr(command, "frames", passing)
    assert command.main(["sniff", "--port", "2775", "--interface", "lo"]) == 0
    out, err = capsys.readouterr()
    assert "enquire_link 1" in out
    assert err == "1 PDUs\n"


def test_an_interrupt_while_hex_is_awaited_is_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def read(self, size: int | None = -1) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Terminal())
    assert command.main(["decode"]) == 2
    assert capsys.readouterr().err == "python -m smpp: interrupted\n"


def test_a_tap_that_cannot_be_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise LinkError("listening needs the privilege")

    monkeypatch.setattr(command, "open_tap", refused)
    assert command.main(["sniff", "--port", "2775"]) == 2
    assert capsys.readouterr().err == "python -m smpp: listening needs the privilege\n"


def test_the_module_runs_in_a_pipe_of_any_encoding() -> None:
    umlaut = encode(SubmitSm(short_message=b"\x7f", sequence_number=4))
    done = subprocess.run(
        [sys.executable, "-m", "smpp", "sniff", "-", "--full"],
        input=pcap([Frame(0.0, RAW, ip(segment(UP, 1, umlaut)))]),
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert rb'text                     "\xe0"' in done.stdout
