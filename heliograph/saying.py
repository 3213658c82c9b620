"""What a command has to say: lines for people or, with --json, documents for scripts.

A document is one line of JSON. A command says one, or one after the other where it goes on as long
as something comes. What fails is said on standard error in both cases, and by the exit code.
"""

from collections.abc import Container, Iterable
from contextvars import ContextVar
from typing import Any

import msgspec
from typer.core import TyperCommand, TyperGroup, TyperOption

_IS_JSON = ContextVar("_IS_JSON", default=False)


def say(lines: Iterable[object], data: object) -> None:
    """Print the lines or, with --json, the data: builtins, records and dataclasses, no tuples with
    names."""
    if _IS_JSON.get():
        print(msgspec.json.encode(data).decode(), flush=True)
        return
    for line in lines:
        print(line, flush=True)


def wants_json() -> bool:
    """Whether the command was asked for JSON."""
    return _IS_JSON.get()


def with_json(command: Any, without: Container[str]) -> Any:
    """`command` with --json, or if it is a group all below it; not those of these names."""
    if isinstance(command, TyperGroup):
        for name, own in command.commands.items():
            if name not in without:
                with_json(own, ())
    elif isinstance(command, TyperCommand):
        command.params.append(
            TyperOption(
                param_decls=["--json"],
                is_flag=True,
                default=False,
                expose_value=False,
                is_eager=True,
                callback=lambda _context, _option, wanted: _IS_JSON.set(bool(wanted)),
                help="Say it in JSON, for scripts.",
            )
        )
    return command
