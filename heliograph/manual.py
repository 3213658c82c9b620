"""docs/commands.md, made from what each command says of itself: `python -m heliograph.manual`."""

from collections.abc import Iterator
from typing import Any

import typer

HEAD = """\
# Commands

Made from what the commands say of themselves: `python -m heliograph.manual > docs/commands.md`.
`heliograph --install-completion` has the shell complete them.

| a command ends with | when |
|---|---|
| 0 | it is done, or all is as it should be |
| 1 | what was looked at is not as it should be, or not yet; the lines say what |
| 2 | it could not be done; one sentence on standard error says why, and what to do |
| 130 | Ctrl-C |
"""


def page() -> str:
    """The whole page."""
    from heliograph.cli import APP

    return "\n".join([HEAD, *_of(typer.main.get_command(APP), "heliograph")])


def _of(command: Any, name: str) -> Iterator[str]:
    for own_name, own in sorted(getattr(command, "commands", {}).items()):
        if hasattr(own, "commands"):
            yield from _of(own, f"{name} {own_name}")
        elif not own.hidden:
            pieces = " ".join(_pieces(own))
            yield f"## {name} {own_name}\n\n    {f'{name} {own_name} {pieces}'.strip()}\n"
            yield f"{_text(own.help or '')}\n"


def _pieces(command: Any) -> Iterator[str]:
    """Its arguments and options as one would write them."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            piece = (parameter.name or "").strip("_").upper()
        else:
            value = "" if parameter.is_flag else f" {parameter.name.strip('_').upper()}"
            piece = f"{parameter.opts[-1]}{value}"
        dots = "..." if parameter.nargs == -1 or getattr(parameter, "multiple", False) else ""
        yield f"{piece}{dots}" if parameter.required else f"[{piece}]{dots}"


def _text(text: str) -> str:
    """Examples as code."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(
        f"    {line.removeprefix('Example: ')}" if line.startswith("Example: ") else line
        for line in lines
    )


if __name__ == "__main__":
    print(page(), end="")
