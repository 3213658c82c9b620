"""ClickHouse with the tables of infra/analytics, fed as the topic feeds them: framed Avro.

Instead of Kafka a file with the records' octets, one after the other, is read by the format that
the Kafka engine is told to read by, `AvroConfluent`, with a registry over HTTP.
"""

import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from chdb.session import Session

from heliograph.reporting import Row, Window
from pipeline import topics
from pipeline.codec import Codec, whole_schema
from pipeline.records import MtEvent, Record

ANALYTICS = Path(__file__).parents[2] / "infra" / "analytics"
LOADED = ("events", "segments")  # in this order; the others are queries
SCHEMA_ID = 7


class OneSchema:
    """A registry that holds the schema of events."""

    def id_of(self, topic: str, kind: type[Record]) -> int:
        return SCHEMA_ID

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        return whole_schema("MtEvent")


class Answer(BaseHTTPRequestHandler):
    """What the registry's HTTP interface says of that schema."""

    def do_GET(self) -> None:
        assert self.path == f"/schemas/ids/{SCHEMA_ID}"
        body = json.dumps({"schema": json.dumps(whole_schema("MtEvent"))}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def registry() -> Iterator[str]:
    """A registry on loopback; its base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class ClickHouse:
    """One database; the Kafka engine's table is one in memory."""

    def __init__(self, folder: Path, zones: dict[str, str]) -> None:
        self._folder = folder
        self._session = Session(str(folder / "clickhouse"))
        for name in LOADED:
            for statement in statements(name):
                self._session.query(without_kafka(statement))
        for connector, zone in zones.items():
            row = f"('{connector}', '{zone}')"
            self._session.query(f"INSERT INTO zones VALUES {row}")  # noqa: S608

    def take(self, events: Iterable[MtEvent]) -> None:
        """Read these records as the Kafka engine reads them."""
        codec, file = Codec(OneSchema()), self._folder / "events"
        file.write_bytes(b"".join(codec.encode(event, topics.MT_EVENT) for event in events))
        with registry() as url:
            self._session.query(f"SET format_avro_schema_registry_url = '{url}'")
            self._session.query(
                f"INSERT INTO events_queue FROM INFILE '{file}' FORMAT AvroConfluent"
            )

    def rows(self, name: str, window: Window) -> list[Row]:
        """What a query of infra/analytics says of a window."""
        self._session.query(f"SET param_from = '{window.begin_ms / 1000:.3f}'")
        self._session.query(f"SET param_to = '{window.end_ms / 1000:.3f}'")
        [query] = statements(name)
        found = self._session.query(query, "JSONCompactEachRow")
        lines = str(found).splitlines()
        return [tuple(whole(cell) for cell in json.loads(line)) for line in lines if line]

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a table and their types."""
        found = str(self._session.query(f"DESCRIBE TABLE {table}", "JSONCompactEachRow"))
        return {row[0]: row[1] for row in map(json.loads, found.splitlines())}

    def close(self) -> None:
        """End it."""
        self._session.close()


def whole(cell: Any) -> str | int:
    """A cell of JSON, in which ClickHouse may quote large whole numbers."""
    assert isinstance(cell, str | int), cell
    return cell


def statements(name: str) -> list[str]:
    """The statements of one file, without remarks."""
    text = (ANALYTICS / f"{name}.sql").read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [own.strip() for own in text.split(";") if own.strip()]


def without_kafka(statement: str) -> str:
    """The statement with a table in memory instead of one that asks brokers."""
    return re.sub(r"ENGINE = Kafka\s+SETTINGS.*", "ENGINE = Memory", statement, flags=re.DOTALL)
