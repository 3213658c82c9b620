"""A part of the configuration: what all of its models share, and how their faults are told."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Section(BaseModel):
    """A part of the configuration: immutable, unknown names refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def sentences(error: ValidationError) -> list[str]:
    """One sentence a fault: where, what; values that may be secret are left out."""
    found: list[str] = []
    for fault in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        text = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            text = "there is no such setting; look for a misspelling"
        found.extend(f"{place}: {line}" if place else line for line in text.splitlines())
    return found
