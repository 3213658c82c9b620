"""A Confluent-compatible schema registry, for those who run one: SCHEMA_REGISTRY_URL.

Public topics hold one record each and use the subject `<topic>-value` (TopicNameStrategy), which
connectors and UIs expect; internal topics hold several and use `<topic>-<record>`. Services only
look up: `heliograph schemas push` registers, requests BACKWARD_TRANSITIVE (we upgrade first) and
events FULL_TRANSITIVE (our writers upgrade before readers we don't know).
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import fastavro
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.error import SchemaRegistryError

from pipeline.codec import NAMESPACE, plain, whole_schema
from pipeline.errors import ConfigError, UnreadableError
from pipeline.records import Record
from pipeline.topics import MT_REQUEST, Topic, is_public

NOT_FOUND = 404


class SchemaRegistry:
    """Ids and schemas, each asked for once."""

    def __init__(self, url: str) -> None:
        self._client = SchemaRegistryClient({"url": url})
        self.id_of = cache(self._id_of)
        self.schema_of = cache(self._schema_of)

    def push(self, catalog: Iterable[Topic]) -> list[str]:
        """Register every record of `catalog`; returns the subjects."""
        subjects = []
        for topic in catalog:
            for name in topic.records:
                subject = subject_of(topic.name, name)
                level = "BACKWARD" if topic.name.startswith(MT_REQUEST) else "FULL"
                config = ServerConfig(ConfigCompatibilityLevel(f"{level}_TRANSITIVE"))
                self._client.register_schema(subject, _avro(name))
                self._client.set_config(subject, config)
                subjects.append(subject)
        return subjects

    def lacking(self, catalog: Iterable[Topic]) -> dict[str, bool]:
        """The subjects that don't have the record of `catalog` as it is, and whether each would
        take it. Raises ConfigError when the registry does not answer.
        """
        found = {}
        for topic in catalog:
            for name in topic.records:
                subject, schema = subject_of(topic.name, name), _avro(name)
                try:
                    if not self._has(subject, schema):
                        found[subject] = self._takes(subject, schema)
                except Exception as error:  # of the HTTP library that its client has: several
                    raise ConfigError(
                        [f"registry: it can't be asked about {subject}: {error}"]
                    ) from error
        return found

    def _has(self, subject: str, schema: Schema) -> bool:
        try:
            self._client.lookup_schema(subject, schema)
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise
            return False
        return True

    def _takes(self, subject: str, schema: Schema) -> bool:
        try:
            return bool(self._client.test_compatibility(subject, schema))
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise
            return True  # there is no such subject yet

    def _id_of(self, topic: str, kind: type[Record]) -> int:
        subject = subject_of(topic, kind.__name__)
        try:
            found = self._client.lookup_schema(subject, _avro(kind.__name__))
        except SchemaRegistryError as error:
            raise ConfigError(
                [f"registry: {subject} is not registered; run heliograph schemas push ({error})"]
            ) from error
        assert found.schema_id is not None
        return int(found.schema_id)

    def _schema_of(self, schema_id: int) -> dict[str, Any]:
        try:
            text = self._client.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            detail = f"the registry knows no schema {schema_id}"
            raise UnreadableError("unknown_schema", detail) from error
        parsed = fastavro.parse_schema(plain(json.loads(text or "{}")))
        return parsed if isinstance(parsed, dict) else {}


def subject_of(topic: str, record: str) -> str:
    """Under which the schema of `record`, a value of `topic`, is registered."""
    return f"{topic}-value" if is_public(topic) else f"{topic}-{NAMESPACE}.{record}"


def _avro(name: str) -> Schema:
    return Schema(json.dumps(whole_schema(name)), "AVRO")
