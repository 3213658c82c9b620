"""`python -m smpp`: PDUs for people, from hex, from a capture file, or beside a live bind.

    python -m smpp decode 00000010 00000015 00000000 00000001
    python -m smpp sniff bind.pcap
    tcpdump -i any -w - port 2775 | python -m smpp sniff -
    python -m smpp sniff --port 2775 --interface lo

Exit codes: 0 all is well, 1 something is broken, 2 nothing could be read.
"""

import argparse
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper

from smpp.errors import CaptureError, FramingError, SmppError
from smpp.framing import Framer
from smpp.inspection.explanation import Explanation, explain, summarize
from smpp.inspection.pcap import Capture, Frame
from smpp.inspection.sniffer import Sighting, Sniffer
from smpp.inspection.tap import frames, open_tap
from smpp.text import Alphabet

READ_OCTETS = 1 << 16
NO_DIGITS = re.compile(r"0x|[\s:,]", re.IGNORECASE)
DEFAULTS = {
    "gsm7": Alphabet.GSM7,
    "ascii": Alphabet.ASCII,
    "latin1": Alphabet.LATIN1,
    "ucs2": Alphabet.UCS2,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command, with the arguments of the process if none are given; its exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.run(asked))
    except SmppError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
    except KeyboardInterrupt:
        why = "interrupted"
    sys.stderr.write(f"python -m smpp: {why}\n")
    return 2


def octets_of(text: str) -> bytes:
    """The octets that a text of hex digits means; CaptureError says what is no digit."""
    digits = NO_DIGITS.sub("", text)
    strange = re.search(r"[^0-9a-fA-F]", digits)
    if strange:
        raise CaptureError(f"{strange[0]!a} is no hex digit")
    if len(digits) % 2:
        raise CaptureError(f"{len(digits)} hex digits are not whole octets")
    if not digits:
        raise CaptureError("there are no octets to decode")
    return bytes.fromhex(digits)


def cut(octets: bytes) -> list[bytes]:
    """The PDUs in one run of octets; what is no whole PDU is the last one."""
    pdus: list[bytes] = []
    try:
        for pdu in Framer().feed(octets):
            pdus.append(pdu)  # one by one, so that those before an error count
    except FramingError:
        pass
    rest = octets[sum(map(len, pdus)) :]
    return [*pdus, rest] if rest else pdus


def line(sighting: Sighting, default: Alphabet) -> str:
    """One PDU in one line: when, where, what."""
    when = datetime.fromtimestamp(sighting.time_s, UTC)
    missed = [
        f"{count} octets {how}"
        for count, how in (
            (sighting.lost_octets, "lost before it"),
            (sighting.skipped_octets, "before it are no PDU"),
        )
        if count
    ]
    what = ", ".join([summarize(sighting.octets, default=default), *missed])
    return f"{when:%Y-%m-%dT%H:%M:%S.%fZ} {sighting.flow}  {what}"


def _decode(asked: argparse.Namespace) -> int:
    told = [_told(asked, pdu) for pdu in cut(octets_of(" ".join(asked.hex) or sys.stdin.read()))]
    sys.stdout.writelines(f"{explanation}\n" for explanation in told)
    return int(any(explanation.faults for explanation in told))


def _sniff(asked: argparse.Namespace) -> int:
    if asked.file is not None:
        source = _read(asked.file)
    elif asked.port is not None:
        source = frames(open_tap(asked.interface))
    else:
        raise CaptureError("name a capture file, or a --port to listen beside")
    count = 0
    with suppress(KeyboardInterrupt):
        for sighting in _sightings(Sniffer(asked.port), source):
            count += 1
            sys.stdout.write(f"{line(sighting, DEFAULTS[asked.default])}\n")
            if asked.full:
                sys.stdout.write(f"{_told(asked, sighting.octets)}\n")
            sys.stdout.flush()
    sys.stderr.write(f"{count} PDUs\n")
    return 0


def _told(asked: argparse.Namespace, octets: bytes) -> Explanation:
    return explain(octets, shows_secrets=asked.show_secrets, default=DEFAULTS[asked.default])


def _sightings(sniffer: Sniffer, source: Iterable[Frame]) -> Iterator[Sighting]:
    time_s = 0.0
    for frame in source:
        time_s = frame.time_s
        yield from sniffer.take(frame)
    yield from sniffer.rest(time_s)


def _read(name: str) -> Iterator[Frame]:
    capture = Capture()
    is_pipe = name == "-"
    with open(0 if is_pipe else name, "rb", buffering=0, closefd=not is_pipe) as file:
        while octets := file.read(READ_OCTETS):
            yield from capture.feed(octets)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m smpp", description="SMPP PDUs for people.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="decode | sniff")
    decode = commands.add_parser("decode", help="explain PDUs given as hex")
    decode.add_argument("hex", nargs="*", metavar="HEX", help="octets; standard input without")
    decode.set_defaults(run=_decode)
    sniff = commands.add_parser("sniff", help="show the PDUs of a capture file, or as they pass")
    sniff.add_argument("file", nargs="?", metavar="FILE", help="pcap or pcapng; - reads a pipe")
    sniff.add_argument("--port", type=int, help="only connections with this port at one end")
    sniff.add_argument("--interface", help="listen on this one only")
    sniff.add_argument("--full", action="store_true", help="explain every PDU")
    sniff.set_defaults(run=_sniff)
    for command in (decode, sniff):
        command.add_argument("--show-secrets", action="store_true", help="show passwords")
        command.add_argument(
            "--default", choices=DEFAULTS, default="gsm7", help="what data_coding 0 means"
        )
    return parser


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends us quietly
    sys.exit(main())
