"""Asking a service of ours over HTTP: it is near, and what is brought to it is for nobody else."""

from http.client import HTTPException
from urllib.request import ProxyHandler, Request, build_opener

_DIRECTLY = build_opener(ProxyHandler({}))  # whatever proxy the environment names


def answer_of(request: str | Request, timeout_s: float) -> bytes:
    """All of the answer. Raises OSError, of which HTTPError is one, where there is none."""
    try:
        with _DIRECTLY.open(request, timeout=timeout_s) as answer:
            found: bytes = answer.read()
            return found
    except HTTPException as error:  # some other program listens there
        raise ConnectionError(f"no answer in HTTP: {error!r}") from error
