"""Where the CPU time of one awaited submit_sm goes, step by step.

    python -m benchmarks.smpp.profile

Each step is timed alone, the best of nine, so their sum is a lower bound. What the table of
`python -m benchmarks.smpp` has above it is asyncio, uvloop, the kernel, and caches less warm.
"""

import asyncio
import timeit
from collections.abc import Callable
from time import process_time

import uvloop

from benchmarks.smpp.clients.ours import submit_sm
from smpp.framing import Framer
from smpp.pdu import BindTransceiver, BindTransceiverResp, SubmitSmResp
from smpp.session import Session, SessionConfig
from smpp.state import Role
from smpp.wire import decode, encode

BATCH = 100
AWAITS = 200_000


def best_ns(step: Callable[[], object], batch: int = 1) -> float:
    """Nanoseconds for each of the `batch` things that a call of `step` does."""
    number = 100_000 // batch
    return min(timeit.repeat(step, number=number, repeat=9)) / number / batch * 1e9


def bound() -> Session:
    """An ESME's session with a window as wide as a batch."""
    session = Session(Role.ESME, SessionConfig(window_requests_max=BATCH), 0.0)
    session.send(BindTransceiver(), 0.0)
    session.receive(encode(BindTransceiverResp(sequence_number=1)), 0.0)
    session.take_outgoing()
    return session


def answers_to(octets: bytes) -> bytes:
    """The responses to the requests in these octets."""
    requests = map(decode, Framer().feed(octets))
    return b"".join(
        encode(SubmitSmResp(sequence_number=request.sequence_number, message_id="00000001"))
        for request in requests
    )


def session_ns() -> tuple[float, float]:
    """A session's `send` and its `receive`, each for one message."""
    session = bound()
    requests = [submit_sm() for _ in range(BATCH)]
    sending, receiving = [], []
    for _ in range(500):
        begun = process_time()
        for request in requests:
            session.send(request, 1.0, None)
        sending.append(process_time() - begun)
        answers = answers_to(session.take_outgoing())
        begun = process_time()
        session.receive(answers, 1.0)
        receiving.append(process_time() - begun)
    return min(sending) / BATCH * 1e9, min(receiving) / BATCH * 1e9


async def future_ns() -> float:
    """A future made, awaited by a task of a hundred, settled."""
    loop = asyncio.get_running_loop()
    pending: list[asyncio.Future[None]] = []
    left = AWAITS

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            answer: asyncio.Future[None] = loop.create_future()
            pending.append(answer)
            await answer

    workers = [loop.create_task(worker()) for _ in range(BATCH)]
    await asyncio.sleep(0)
    begun = process_time()
    while pending:
        settled, pending[:] = pending[:], []
        for answer in settled:
            answer.set_result(None)
        await asyncio.sleep(0)
    took_s = process_time() - begun
    await asyncio.gather(*workers)
    return took_s / AWAITS * 1e9


def main() -> None:
    """Print a row a step."""
    request = submit_sm()
    response = encode(SubmitSmResp(sequence_number=1, message_id="00000001"))
    stream = response * BATCH
    send, receive = session_ns()
    make, write, read = (
        best_ns(submit_sm),
        best_ns(lambda: encode(request)),
        best_ns(lambda: decode(response)),
    )
    cut = best_ns(lambda: list(Framer().feed(stream)), BATCH)
    steps = {
        "make a SubmitSm": make,
        "write it as octets": write,
        "state, window, sequence number, deadline": send - write,
        "cut the answer out of the stream": cut,
        "read it as a SubmitSmResp": read,
        "find its request, tell it": receive - read - cut,
        "a future, its task woken": uvloop.run(future_ns()),
    }
    for name, ns in steps.items():
        print(f"{name:42} {ns:6,.0f} ns")
    print(f"{'together':42} {sum(steps.values()):6,.0f} ns")


if __name__ == "__main__":
    main()
