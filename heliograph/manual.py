"""docs/commands.md, made from what each command says of itself: `python -m heliograph.manual`."""

from collections.abc import Iterator
from typing import Any

import typer

HEAD = """\
# Commands

Made from what the commands say of themselves: `python -m heliograph.manual > docs/commands.md`.
`heliograph --install-completion` has the shell complete them, and names of connectors, tenants,
services and topics. All but those that run a process have `--json`: the same as one line of JSON,
for scripts. Without `--config` they speak of the pipeline that `heliograph up` runs.

| a command ends with | when |
|---|---|
| 0 | it is done, or all is as it should be |
| 1 | what was looked at is not as it should be, or not yet; the lines say what |
| 2 | it could not be done; one sentence on standard error says why, and what to do |
| 130 | Ctrl-C |
"""
VERBATIM = "\b"  # by which click knows them
COMMON = {"--config", "--json"}
NOTHING = (None, False, "")


def page() -> str:
    """The whole page."""
    from heliograph.cli import APP

    return "\n".join([HEAD, *_of(typer.main.get_command(APP), "heliograph")])


def _of(command: Any, name: str) -> Iterator[str]:
    for own_name, own in sorted(getattr(command, "commands", {}).items()):
        if hasattr(own, "commands"):
            yield from _of(own, f"{name} {own_name}")
        else:
            pieces = " ".join(map(_piece, own.params))
            yield f"## {name} {own_name}\n\n    {f'{name} {own_name} {pieces}'.strip()}\n"
            yield f"{_text(own.help or '')}\n"
            if told := list(_told(own)):
                yield "\n".join(["| | |", "|---|---|", *told, ""])


def _piece(parameter: Any) -> str:
    """An argument or option as one would write it."""
    dots = "..." if parameter.nargs == -1 or getattr(parameter, "multiple", False) else ""
    piece = _name(parameter)
    return f"{piece}{dots}" if parameter.required else f"[{piece}]{dots}"


def _name(parameter: Any) -> str:
    value = parameter.metavar or parameter.name.strip("_").upper()
    if parameter.param_type_name == "argument":
        return str(value)
    return f"{parameter.opts[0]}{'' if parameter.is_flag else f' {value}'}"


def _told(command: Any) -> Iterator[str]:
    """What each of them is, but for those that all commands have."""
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        if text and not COMMON & set(parameter.opts):
            default = "" if parameter.default in NOTHING else f" ({parameter.default})"
            yield f"| `{_name(parameter)}` | {text}{default} |".replace("||", "|")


def _text(text: str) -> str:
    """Paragraphs as they are; those that a terminal shows as they stand are code."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(
        "\n".join(f"    {line}" for line in paragraph.splitlines()[1:])
        if paragraph.startswith(VERBATIM)
        else paragraph
        for paragraph in paragraphs
    )


if __name__ == "__main__":
    print(page(), end="")
