"""Our client against our server, a process each: messages per second and per CPU-second.

    python -m benchmarks.smpp.roundtrip [messages] [window]

One transceiver bind, 100-character GSM text, registered_delivery 1, answers at once, uvloop.
"""

import asyncio
import multiprocessing
import multiprocessing.connection
import statistics
import sys
import time

import uvloop

from smpp.client import Esme, EsmeConfig
from smpp.pdu import Pdu, SubmitSm
from smpp.server import Smsc, SmscSession
from smpp.values import CommandStatus, Npi, Ton
from smpp.wire import encode

ROUNDS = 5
TEXT = b"Dear customer, your parcel arrives today".ljust(100, b".")


def submit_sm() -> SubmitSm:
    return SubmitSm(
        source_addr_ton=Ton.ALPHANUMERIC,
        source_addr="heliograph",
        dest_addr_ton=Ton.INTERNATIONAL,
        dest_addr_npi=Npi.ISDN,
        destination_addr="4915112345678",
        registered_delivery=1,
        short_message=TEXT,
    )


def answer(session: SmscSession, request: Pdu) -> None:
    session.respond(request, message_id=f"{request.sequence_number:x}")


def serve(pipe: multiprocessing.connection.Connection) -> None:
    """The other process: tells its port, then its CPU seconds whenever asked."""

    async def main() -> None:
        smsc = Smsc(on_bind=lambda session, bind: CommandStatus.ESME_ROK, on_request=answer)
        async with smsc:
            pipe.send(smsc.port)
            loop = asyncio.get_running_loop()
            while await loop.run_in_executor(None, pipe.recv):
                pipe.send(time.process_time())

    uvloop.run(main())


async def once(esme: Esme, messages: int) -> None:
    """Send so many messages and wait for all the answers."""
    done = asyncio.get_running_loop().create_future()
    unsent, unanswered = messages, messages

    def on_answer(context: object, response: Pdu | None) -> None:
        nonlocal unanswered
        assert response is not None
        unanswered -= 1
        if not unanswered:
            done.set_result(None)

    def pump() -> None:
        nonlocal unsent
        for _ in range(min(unsent, esme.room)):
            unsent -= 1
            esme.send(submit_sm(), on_answer, None)

    esme.on_room = pump
    pump()
    await done


async def measure(pipe: multiprocessing.connection.Connection, messages: int, window: int) -> None:
    config = EsmeConfig(
        host="127.0.0.1",
        port=pipe.recv(),
        system_id="bench",
        password="",
        window_requests_max=window,
    )
    esme = await Esme.connect(
        config, on_request=lambda esme, pdu: None, on_closed=lambda esme, closed: None
    )

    def seconds() -> tuple[float, float, float]:
        pipe.send(True)
        return time.perf_counter(), time.process_time(), pipe.recv()

    await once(esme, messages // 10)
    rates = []
    for _ in range(ROUNDS):
        before = seconds()
        await once(esme, messages)
        rates.append([messages / (b - a) for a, b in zip(before, seconds(), strict=True)])
    await esme.close()
    pipe.send(False)
    names = ("messages a second", "a client CPU-second", "a server CPU-second")
    for name, rate in zip(names, zip(*rates, strict=True), strict=True):
        print(
            f"{name:>20}: {statistics.median(rate):>9,.0f}  ({min(rate):,.0f} to {max(rate):,.0f})"
        )


def main(messages: int = 200_000, window: int = 100) -> None:
    assert len(TEXT) == 100, len(TEXT)
    assert len(encode(submit_sm())) < 180
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    uvloop.run(measure(ours, messages, window))
    server.join()


if __name__ == "__main__":
    main(*[int(argument) for argument in sys.argv[1:]])
