"""The pool of a rule as it stands in the routes file: connectors, their weights and prices."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal

import yaml

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from services.router.nodes import Reader, raw
from services.router.prefixes import Prefixes
from services.router.prices import price
from services.router.routes import EXPLORE_SHARE, Way
from services.router.rows_file import read_rows

WAY = ("name", "weight", "price", "prices")
WEIGHT_MAX = 10_000


class PoolReader:
    """Reads pools; faults go to the reader of the file."""

    def __init__(
        self, reader: Reader, beside: Callable[[str], str], known: Collection[ConnectorId]
    ) -> None:
        """`beside` reads a file by its name, `known` are the configured connectors."""
        self._reader = reader
        self._beside = beside
        self._known = known

    def ways(self, node: yaml.Node, where: str) -> Iterator[Way]:
        """The ways of one pool, without what is wrong."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            fault = f"{where}: connectors must be a list with at least one name"
            self._reader.fault(node, fault)
            return
        seen: set[str] = set()
        for item in node.value:
            way = self._way(item, f"{where}: a connector")
            if way is None:
                continue
            if way.connector not in self._known:
                self._reader.fault(item, f"{where}: there is no connector {way.connector!r}")
            elif way.connector in seen:
                fault = f"{where}: connector {way.connector!r} stands twice; keep one"
                self._reader.fault(item, fault)
            else:
                seen.add(way.connector)
                yield way

    def _way(self, node: yaml.Node, where: str) -> Way | None:
        reader = self._reader
        if not isinstance(node, yaml.MappingNode):
            name = reader.text(node, where)
            return Way(ConnectorId(name)) if name else None
        parts = reader.settings(node, WAY, where)
        if "name" not in parts:
            reader.fault(node, f"{where}: name must be a text")
            return None
        weight, own, prices = 1, None, None
        name = reader.text(parts["name"], f"{where}: name")
        if "weight" in parts:
            wanted = f"a whole number, 0 to {WEIGHT_MAX},"
            weight = reader.checked(parts["weight"], f"{where}: weight", wanted, _weight) or 0
        if "price" in parts:
            own = reader.checked(parts["price"], f"{where}: price", "a decimal number", price)
        if "prices" in parts:
            prices = self._prices(parts["prices"], f"{where}: prices")
        return Way(ConnectorId(name), weight, own, prices) if name else None

    def _prices(self, node: yaml.Node, where: str) -> Prefixes[Decimal] | None:
        name = raw(node)
        if not name:
            self._reader.fault(node, f"{where} must be the name of a file")
            return None
        try:
            return read_rows(name, self._beside(name), _price)
        except UnicodeDecodeError:
            self._reader.fault(node, f"{where}: {name} is not UTF-8; save it as such")
        except OSError as error:
            self._reader.fault(node, f"{where}: {name} can't be read: {error.strerror}")
        except ValueError:
            self._reader.fault(node, f"{where}: {name!r} can't be the name of a file")
        except ConfigError as error:
            for fault in error.faults:
                self._reader.fault(node, f"{where}: {fault}")
        return None

    def explore_share(self, parts: Mapping[str, yaml.Node], strategy: str, where: str) -> float:
        """The part of a rule's messages that its strategy may send elsewhere than to the best."""
        if "explore_share" not in parts:
            return EXPLORE_SHARE
        node = parts["explore_share"]
        if strategy != "quality":
            fault = f"{where}: explore_share is of no use without strategy: quality"
            self._reader.fault(node, fault)
        where = f"{where}: explore_share"
        return self._reader.checked(node, where, "a number from 0 to 1", _share) or 0.0


def _weight(text: str) -> int:
    weight = int(text)
    if not 0 <= weight <= WEIGHT_MAX:
        raise ValueError
    return weight


def _price(cells: list[str]) -> Decimal:
    if len(cells) != 1:
        raise ValueError("must be prefix,price")
    return price(cells[0])


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError
    return share
