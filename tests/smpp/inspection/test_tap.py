import socket

import pytest

from smpp.errors import LinkError
from smpp.inspection import tap
from smpp.inspection.packets import segment_of
from smpp.inspection.sniffer import Sniffer
from smpp.pdu import EnquireLink
from smpp.wire import encode


def test_what_passes_on_loopback_is_seen_once() -> None:
    try:
        ears = tap.open_tap("lo")
    except LinkError as error:
        pytest.skip(str(error))
    with ears, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sent = [encode(EnquireLink(sequence_number=number)) for number in (1, 2, 3)]
        with socket.create_connection(("127.0.0.1", port)) as client:
            for octets in sent:
                client.sendall(octets)
            server.accept()[0].close()
        sniffer, seen = Sniffer(port), []
        for frame in tap.frames(ears):
            seen += [sighting.octets for sighting in sniffer.take(frame)]
            if len(seen) == len(sent):
                break
        assert seen == sent
        assert segment_of(frame.link_type, frame.octets)


def test_an_interface_that_is_not_there_is_said() -> None:
    with pytest.raises(LinkError, match=r"CAP_NET_RAW|no interface 'none0'"):
        tap.open_tap("none0")


def test_all_interfaces_are_one_tap() -> None:
    try:
        tap.open_tap(None).close()
    except LinkError as error:
        pytest.skip(str(error))


def test_without_the_privilege_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(tap.socket, "socket", refused)
    with pytest.raises(LinkError, match="needs the privilege CAP_NET_RAW"):
        tap.open_tap(None)


def test_elsewhere_than_on_linux_a_file_is_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tap.socket, "AF_PACKET")
    with pytest.raises(LinkError, match="only Linux"):
        tap.open_tap(None)
