"""YAML as nodes, which know where they are: faults are told with line and column.

What can't be read is reported and stood for by something harmless: whoever asks for `faults` at the
end gets all of them at once.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import yaml

from pipeline.errors import ConfigError

T = TypeVar("T")
NULL = "tag:yaml.org,2002:null"
NEW_LINE = "\n"

_SURROGATE = re.compile("[\ud800-\udfff]")


def text_in(path: Path) -> str:
    """The text of a file; raises ConfigError with a sentence where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8; save it as such"]) from error


def composed(place: str, text: str) -> yaml.Node | None:
    """The document in a text that stands at `place`; raises ConfigError where there is none."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = f"{before.count(NEW_LINE) + 1}:{len(before) - before.rfind(NEW_LINE)}"
        sentence = f"is not YAML: the character U+{error.character:04X} may not be written"
        raise ConfigError([f"{place}:{where}: {sentence}"]) from error
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark or loader.get_mark(), error.problem
    except RecursionError:
        mark, problem = loader.get_mark(), "it is nested too deeply"
    except (ValueError, OverflowError):
        mark, problem = loader.get_mark(), "an escape stands for no character"
    finally:
        loader.dispose()
    where = f"{mark.line + 1}:{mark.column + 1}"
    raise ConfigError([f"{place}:{where}: is not YAML: {problem}"])


@dataclass(slots=True)
class Reader:
    """Reads nodes and collects faults; what it returns is of use only without any."""

    faults: list[str] = field(default_factory=list)

    def fault(self, node: yaml.Node | None, sentence: str) -> None:
        """Something is wrong at this node; without one there is nothing in the file."""
        mark = None if node is None else node.start_mark
        line, column = (0, 0) if mark is None else (mark.line, mark.column)
        self.faults.append(f":{line + 1}:{column + 1}: {sentence}")

    def settings(self, node: yaml.Node, known: Collection[str], where: str) -> dict[str, yaml.Node]:
        """The parts of a mapping by name; of the unknown and the doubled it is told."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{where}: must be a mapping of {', '.join(known)}")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = raw(key) or "?"
            if name not in known:
                self.fault(key, f"{where}: there is no setting {name!r}; look for a misspelling")
            elif name in found:
                self.fault(key, f"{where}: {name} is written twice; keep one")
            else:
                found[name] = value
        return found

    def text(self, node: yaml.Node, where: str) -> str:
        """A text that is not empty, and that can be written anywhere."""
        found = raw(node)
        if not found or _SURROGATE.search(found):
            self.fault(node, f"{where} must be a text")
        return found or ""

    def choice(
        self, parts: Mapping[str, yaml.Node], name: str, known: tuple[str, ...], where: str
    ) -> str | None:
        """One of the `known`; None where there is nothing."""
        if name not in parts:
            return None
        text = raw(parts[name])
        if text not in known:
            self.fault(parts[name], f"{where}: {name} must be one of {', '.join(known)}")
        return text

    def checked(
        self, node: yaml.Node, where: str, wanted: str, read: Callable[[str], T]
    ) -> T | None:
        """A scalar that `read` takes; where it raises ValueError, what is `wanted` is said."""
        found = raw(node)
        try:
            if found is not None:
                return read(found)
        except ValueError:
            pass
        what = "" if found is None else f" and not {found!r}"
        self.fault(node, f"{where} must be {wanted}{what}")
        return None

    def items(self, node: yaml.Node, where: str) -> Iterator[yaml.Node]:
        """The items of a list, or the one that stands there without being a list."""
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode) and node.value:
            yield from node.value
        else:
            self.fault(node, f"{where} must be a list with at least one item")

    def checked_set(
        self,
        parts: Mapping[str, yaml.Node],
        name: str,
        where: str,
        wanted: str,
        read: Callable[[str], str],
    ) -> frozenset[str] | None:
        """What `read` makes of one or several scalars; None where there is nothing."""
        if name not in parts:
            return None
        items = self.items(parts[name], f"{where}: {name}")
        found = [self.checked(item, f"{where}: {name}", wanted, read) for item in items]
        return frozenset(text for text in found if text is not None)


def whole(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number from `least` to `most`; it raises ValueError for all else."""

    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return read


def raw(node: yaml.Node | None) -> str | None:
    """A scalar as it is written, so that 46 without quotes stays a prefix; None for all else."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == NULL:
        return None
    return str(node.value)
