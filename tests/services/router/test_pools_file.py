"""Pools as they stand in the routes: price lists, and what is explored."""

from decimal import Decimal

import pytest
import yaml

from pipeline.ids import ConnectorId
from services.router.nodes import Reader
from services.router.pools_file import PoolReader
from services.router.routes import EXPLORE_SHARE, Way

FAST = ConnectorId("fast")
FILES = {
    "prices.csv": "\ufeffprefix,price\n46,0.0125\n467,0.010\n",
    "wrong.csv": "46,0.0125,EUR\n47\n48,x\n",
}


def beside(name: str) -> str:
    if name == "latin.csv":
        return b"46,\xe5".decode()
    if name not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[name]


def ways(text: str) -> tuple[list[Way], list[str]]:
    """The ways of a pool in YAML, and its faults without their places."""
    reader = Reader()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert node is not None
    found = list(PoolReader(reader, beside, {FAST}).ways(node, "here"))
    return found, [fault.split(": ", 1)[1] for fault in reader.faults]


def test_a_price_list_is_read() -> None:
    (way,), faults = ways("[{name: fast, price: 0.02, prices: prices.csv}]")
    assert faults == []
    assert way.price_to("46812345") == Decimal("0.0125")
    assert way.price_to("46701234567") == Decimal("0.01")
    assert way.price_to("4712345") == Decimal("0.02")


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        (
            "wrong.csv",
            [
                "wrong.csv:1: must be prefix,price",
                "wrong.csv:2: must be prefix,price",
                "wrong.csv:3: price 'x' must be a decimal number such as 0.0125",
            ],
        ),
        ("none.csv", ["none.csv can't be read: No such file or directory"]),
        ("latin.csv", ["latin.csv is not UTF-8; save it as such"]),
    ],
)
def test_a_fault_of_a_price_list_is_one_of_the_routes(name: str, faults: list[str]) -> None:
    (way,), told = ways(f"[{{name: fast, prices: {name}}}]")
    assert way.prices is None
    assert told == [f"here: a connector: prices: {fault}" for fault in faults]


@pytest.mark.parametrize(
    ("written", "share"),
    [("{}", EXPLORE_SHARE), ("{explore_share: 0}", 0.0), ("{explore_share: 0.2}", 0.2)],
)
def test_what_is_explored_is_as_written_else_a_twentieth(written: str, share: float) -> None:
    reader = Reader()
    node = yaml.compose(written, Loader=yaml.SafeLoader)
    assert node is not None
    parts = reader.settings(node, ("explore_share",), "here")
    found = PoolReader(reader, beside, {FAST}).explore_share(parts, "quality", "here")
    assert (found, reader.faults) == (share, [])
