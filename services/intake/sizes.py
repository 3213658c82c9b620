"""How many segments a request will be, near enough to charge its tenant's rate with; pure.

The router counts exactly, because it knows the carrier: tables of other languages, headers of
another size. Here a text is GSM 7-bit if that has its characters, else UCS-2, and of everything
else the octets of its longest part are counted.
"""

from collections.abc import Iterator

from pipeline.records import Encrypted, MtRequest
from smpp import text
from smpp.text import Alphabet

GSM7_SEPTETS = (160, 153)  # of a message alone, of a part of a long one: TS 23.040 section 9.2.3.24
OCTETS = (140, 134)


def segments(request: MtRequest) -> int:
    """About how many segments it takes, at least one."""
    if isinstance(request.text, str):
        encoded = text.encode(request.text, transliterates=request.transliterate)
        is_gsm7 = encoded.alphabet is Alphabet.GSM7
        return _parts(len(encoded.octets), GSM7_SEPTETS if is_gsm7 else OCTETS)
    return _parts(max(map(_octets, _contents(request)), default=0), OCTETS)


def _contents(request: MtRequest) -> Iterator[str | bytes]:
    if isinstance(request.text, Encrypted):
        yield request.text.ciphertext
    if request.binary is not None:
        yield (request.binary.udh or b"") + request.binary.data
    if request.wap_push is not None:
        yield (request.wap_push.url or "") + (request.wap_push.text or "")
    if request.mms_notification is not None:
        yield request.mms_notification.content_location + request.mms_notification.transaction_id
    if request.vcard is not None:
        yield request.vcard.text
    if request.message_waiting is not None:
        yield request.message_waiting.text or ""


def _octets(content: str | bytes) -> int:
    return len(content.encode() if isinstance(content, str) else content)


def _parts(length: int, most: tuple[int, int]) -> int:
    alone, part = most
    return 1 if length <= alone else -(-length // part)
