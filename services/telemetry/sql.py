"""What the view says to its database: SQL that SQLite and PostgreSQL both understand, as it stands
but for the word for octets and, in PostgreSQL, the place of a value.
"""

# ruff: noqa: S608 - put together of constants only

from typing import Final

COLUMNS: Final = {  # of a head, in its order, then what is ours; BLOB is the database's own word
    "message_id": "TEXT PRIMARY KEY",
    "recipient": "TEXT",
    "requested_ms": "BIGINT NOT NULL",
    "due_ms": "BIGINT NOT NULL",
    "updated_ms": "BIGINT NOT NULL",
    "state": "TEXT NOT NULL",
    "terminal": "BOOLEAN NOT NULL",
    "connector": "TEXT",
    "tenant": "TEXT NOT NULL",
    "lane": "TEXT NOT NULL",
    "class": "TEXT NOT NULL",
    "country": "TEXT",
    "test": "BOOLEAN NOT NULL",
    "submitted_ms": "BIGINT",
    "deadline_ms": "BIGINT",
    "put_off": "BOOLEAN NOT NULL",
    "unsent": "BOOLEAN NOT NULL",
    "story": "BLOB NOT NULL",
}
MESSAGES: Final = "heliograph_messages"
OFFSETS: Final = "heliograph_offsets"
AGES: Final = {"ended": "terminal", "open": "NOT terminal"}  # what goes first is first
KIND: Final = "state, connector, class, country, lane, test"
_HEAD: Final = ", ".join(list(COLUMNS)[:-3])

SCHEMA: Final = (
    f"CREATE TABLE IF NOT EXISTS {MESSAGES} ("
    + ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    + ")",
    f"CREATE INDEX IF NOT EXISTS {MESSAGES}_to ON {MESSAGES} (recipient, requested_ms)",
    *(
        f"CREATE INDEX IF NOT EXISTS {MESSAGES}_{name} ON {MESSAGES} (requested_ms) WHERE {which}"
        for name, which in AGES.items()
    ),
    f"CREATE INDEX IF NOT EXISTS {MESSAGES}_unsent ON {MESSAGES}"
    " (due_ms, connector, lane, test, deadline_ms) WHERE unsent",
    f"CREATE TABLE IF NOT EXISTS {OFFSETS} (topic TEXT NOT NULL, part BIGINT NOT NULL,"
    " next BIGINT NOT NULL, PRIMARY KEY (topic, part))",
)
PUT: Final = (
    f"INSERT INTO {MESSAGES} ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    " ON CONFLICT (message_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "message_id")
)
PUT_OFFSET: Final = (
    f"INSERT INTO {OFFSETS} (topic, part, next) VALUES (?, ?, ?)"
    " ON CONFLICT (topic, part) DO UPDATE SET next = excluded.next"
)
GET_OFFSET: Final = f"SELECT next FROM {OFFSETS} WHERE topic = ? AND part = ?"
GET: Final = f"SELECT {_HEAD}, put_off, story FROM {MESSAGES} WHERE message_id = ?"
GET_MANY: Final = f"SELECT {_HEAD}, put_off, story FROM {MESSAGES} WHERE message_id IN "
BY_NUMBER: Final = (
    f"SELECT {_HEAD} FROM {MESSAGES} WHERE recipient = ? ORDER BY requested_ms DESC LIMIT ?"
)
COUNT: Final = f"SELECT COUNT(*) FROM {MESSAGES}"
COUNTS: Final = f"SELECT {KIND}, COUNT(*) FROM {MESSAGES} GROUP BY {KIND}"
UNSENT: Final = (  # at, after, until
    "SELECT connector, lane, test, COUNT(*), MIN(due_ms), MAX(CASE WHEN deadline_ms > due_ms"
    " THEN CAST(? - due_ms AS DOUBLE PRECISION) / (deadline_ms - due_ms) ELSE 0 END)"
    f" FROM {MESSAGES} WHERE unsent AND due_ms > ? AND due_ms <= ? GROUP BY connector, lane, test"
)
FORGET: Final = tuple(  # before when, how many at most; returns what is counted
    f"DELETE FROM {MESSAGES} WHERE message_id IN (SELECT message_id FROM {MESSAGES}"
    f" WHERE {which} AND requested_ms < ? ORDER BY requested_ms LIMIT ?) RETURNING {KIND}"
    for which in AGES.values()
)
