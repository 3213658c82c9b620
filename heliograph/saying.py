"""What a command has to say: lines for people or, with --json, a document for scripts.

A document is one line of JSON on standard output. A command says one; `tail` and `chaos`, which go
on as long as something comes, one after the other. What is said on the way, and what fails, goes to
standard error then, and the exit code is the same in both cases.

What others wrote - a client's key, a carrier's text - is said without what a terminal would obey.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from typing import Annotated, Any, TextIO

import msgspec
import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Say it in JSON, for scripts.")]
IN_JSON = "in_json"
_IS_JSON = ContextVar("_IS_JSON", default=False)
_OBEYED = re.compile(  # controls, old and new, but a tab; and what turns the order of letters
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


def say(lines: Iterable[object], data: object, *, is_plain: bool = False) -> None:
    """Print the lines or, with --json, `data`: builtins, records and dataclasses.

    No tuples with names: they would lose them. `is_plain` are lines whose controls are our own.
    """
    if _IS_JSON.get():
        told = msgspec.json.encode(data).decode()
        print(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", told), flush=True)
        return
    for line in lines:
        print(line if is_plain else "\n".join(map(plain, str(line).split("\n"))), flush=True)


def plain(text: str) -> str:
    """A line that others wrote, without what a terminal would obey."""
    return _OBEYED.sub("�", text)


def wants_json() -> bool:
    """Whether the command was asked for JSON: one that goes on for people says one thing then."""
    return _IS_JSON.get()


def aside() -> TextIO:
    """Where to say what is no result: how far it is, where it listens."""
    return sys.stderr if _IS_JSON.get() else sys.stdout


def add_json(app: typer.Typer) -> None:
    """Give every command of `app`, and of the groups in it, the option --json."""
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _asked(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            add_json(group.typer_instance)


def _asked(command: Callable[..., None]) -> Callable[..., None]:
    """The command, which first notes whether it was asked for JSON."""

    @wraps(command)
    def asked(*arguments: Any, in_json: bool, **options: Any) -> None:
        token = _IS_JSON.set(in_json)
        try:
            command(*arguments, **options)
        finally:
            _IS_JSON.reset(token)

    signature = inspect.signature(command)
    own = inspect.Parameter(
        IN_JSON, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption
    )
    parameters = [*signature.parameters.values(), own]
    asked.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    asked.__annotations__ = {**command.__annotations__, IN_JSON: JsonOption}
    return asked
