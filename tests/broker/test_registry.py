"""The codec with a real schema registry: Apicurio, which speaks the Confluent API, from Maven."""

import json
import os
import shutil
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.error import SchemaRegistryError

from pipeline import topics
from pipeline.broker import die_with_parent, free_port
from pipeline.codec import Codec, whole_schema
from pipeline.config import Config, KafkaConfig
from pipeline.errors import ConfigError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.process import catalog, make_codec, registry
from pipeline.records import MtRequest, Wake
from pipeline.registry import SchemaRegistry
from pipeline.topics import Lanes

ARTIFACT = "io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all"
START_TIMEOUT_S = 60
REQUEST = MtRequest(to="+46701234567", from_="ACME", text="hello")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of an empty registry; skipped aloud where there is no Java or Maven."""
    if not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("no Java and Maven to run the Apicurio registry")
    folder, port = tmp_path_factory.mktemp("apicurio"), free_port()
    with tarfile.open(fetched(folder)) as archive:
        archive.extractall(folder, filter="data")
    (jar,) = folder.glob("*-runner.jar")
    command = ["java", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1"]
    command += [f"-Dquarkus.http.port={port}", "-jar", str(jar)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, preexec_fn=die_with_parent
        )
    base = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    try:
        wait_until_it_answers(f"{base}/subjects", process, folder / "log")
        yield base
    finally:
        process.terminate()
        process.wait(20)


def fetched(folder: Path) -> Path:
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}"]
    subprocess.run([*command, f"-DoutputDirectory={folder}"], check=True, timeout=300)
    (archive,) = folder.glob("*.tar.gz")
    return archive


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)


def config(url: str) -> Config:
    return Config(kafka=KafkaConfig(schema_registry_url=url))


@pytest.fixture(scope="module")
def pushed(url: str) -> SchemaRegistry:
    found = registry(config(url))
    assert found is not None
    subjects = found.push(catalog(config(url)))
    assert "sms.mt.request-value" in subjects
    assert "sms.correlator.in-heliograph.Wake" in subjects
    assert found.push(catalog(config(url))) == subjects
    return found


def test_what_is_not_registered_is_one_clear_sentence(url: str) -> None:
    with pytest.raises(ConfigError, match="run heliograph schemas push"):
        make_codec(config(url)).encode(Wake(key="k", kind="x", what="y", set_ms=0), "sms.odd")


@pytest.mark.usefixtures("pushed")
def test_records_are_framed_with_the_registrys_id_and_come_back(url: str) -> None:
    octets = make_codec(config(url)).encode(REQUEST, topics.MT_REQUEST)
    assert octets[0] == 0
    assert make_codec(config(url)).decode(octets, MtRequest) == REQUEST


@pytest.mark.usefixtures("pushed")
def test_single_objects_and_json_are_read_all_the_same(url: str) -> None:
    codec = make_codec(config(url))
    assert codec.decode_request(Codec().encode(REQUEST, topics.MT_REQUEST)) == REQUEST
    assert codec.decode_request(b'{"to":"+46701234567","from":"ACME","text":"hello"}') == REQUEST


@pytest.mark.usefixtures("pushed")
def test_an_id_nobody_knows_makes_a_record_unreadable(url: str) -> None:
    with pytest.raises(UnreadableError) as error:
        make_codec(config(url)).decode(b"\x00\x7f\xff\xff\xff\x00", MtRequest)
    assert error.value.reason == "unknown_schema"


@pytest.mark.usefixtures("pushed")
def test_an_incompatible_schema_is_refused(url: str) -> None:
    schema = whole_schema("MtRequest")
    schema["fields"].append({"name": "needed", "type": "string"})
    client = SchemaRegistryClient({"url": url})
    with pytest.raises(SchemaRegistryError):
        client.register_schema("sms.mt.request-value", Schema(json.dumps(schema), "AVRO"))


def test_what_a_registry_lacks_is_told_and_whether_it_would_take_it(
    url: str, pushed: SchemaRegistry
) -> None:
    own = catalog(config(url))
    assert pushed.lacking(own) == {}
    more = topics.catalog({ConnectorId(name): Lanes(binds=1, generation=1) for name in ("x", "y")})
    odd = topics.submitted(ConnectorId("y"), 1)
    client = SchemaRegistryClient({"url": url})
    other = {"type": "record", "name": "Odd", "fields": [{"name": "n", "type": "long"}]}
    client.register_schema(f"{odd}-value", Schema(json.dumps(other), "AVRO"))
    level = ServerConfig(ConfigCompatibilityLevel("FULL_TRANSITIVE"))
    client.set_config(f"{odd}-value", level)
    found = pushed.lacking(more)
    assert {subject for subject, is_taken in found.items() if not is_taken} == {f"{odd}-value"}
    assert found[f"{topics.submitted(ConnectorId('x'), 1)}-value"] is True
    assert not any(subject.startswith("sms.tracker.in") for subject in found)


def test_the_environment_names_the_registry_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert registry(Config()) is None or os.environ.get("SCHEMA_REGISTRY_URL")
    monkeypatch.setenv("SCHEMA_REGISTRY_URL", url)
    assert registry(Config()) is not None
