"""Finds or starts the Kafka broker that demo, up and tests run on.

In this order (architecture, item 17): the cluster named by KAFKA_BOOTSTRAP_SERVERS; Apache Kafka
from Maven as one KRaft process on loopback, its data in a folder of ours; a Docker engine by
testcontainers; else BrokerError with one sentence that says what to do.

The embedded broker is for one machine and short lives: one replica of everything, sessions as
short as the protocol allows, so that a killed member is replaced within seconds.
"""

import ctypes
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pipeline.errors import BrokerError

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
TOOL_TIMEOUT_S = 300
HEAP_MIB = 512
IMAGE = "apache/kafka:4.3.1"
CLUSTER_ID = "aGVsaW9ncmFwaC1kZW1vMQ"  # 16 octets in base64, as KRaft wants them

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={folder}
auto.create.topics.enable=false
log.message.timestamp.type=LogAppendTime
log.index.size.max.bytes=1048576
num.io.threads=4
num.network.threads=2
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
offsets.topic.segment.bytes=16777216
transaction.state.log.segment.bytes=16777216
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.consumer.min.session.timeout.ms=6000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=500
group.consumer.heartbeat.interval.ms=500
"""

# What comes in `behind` is told to come to `before`, where a relay listens.
RELAYED = """\
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port},\
RELAYED://127.0.0.1:{behind}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},RELAYED://127.0.0.1:{before}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,RELAYED:PLAINTEXT
"""

LOGGING = """\
<Configuration status="off"><Appenders><Console name="out">
<PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
<Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


class Relayed(NamedTuple):
    """A second way to an embedded broker, through a relay: the ports it listens at, and is told."""

    behind: int
    before: int


@contextmanager
def broker(*, port: int = 0) -> Iterator[str]:
    """Bootstrap servers of a broker that lives as long as the context.

    `port` is where an embedded one listens, 0 for a free one. Raises BrokerError when there is no
    way to a broker, or the embedded one does not answer within START_TIMEOUT_S.
    """
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
    elif shutil.which("java") and shutil.which("mvn"):
        with embedded(port or free_port()) as own:
            yield own.address
    elif _docker_answers():
        with _container(port or free_port()) as address:
            yield address
    else:
        raise BrokerError(
            "There is no Kafka: set KAFKA_BOOTSTRAP_SERVERS, or install Java 17+ and Maven, "
            "or start a Docker engine."
        )


def free_port() -> int:
    """A TCP port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether `port` of loopback can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def die_with_parent() -> None:
    """Run in a child before exec: it ends when the thread that started it does (Linux)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Embedded:
    """Apache Kafka as one process; a stop keeps its data for the next start."""

    def __init__(self, folder: Path, port: int, relayed: Relayed | None) -> None:
        classpath = _classpath()
        settings = _write_settings(folder, port, relayed)
        # The first compiler only: a broker that lives for minutes is warm in 1 s instead of 8, and
        # p50 from request to submit in the first 10 s falls from 400 to 110 ms (2 cores, 100/s).
        java = ["java", f"-Xmx{HEAP_MIB}m", "-XX:TieredStopAtLevel=1"]
        java += [f"-Dlog4j2.configurationFile={folder}/log4j2.xml", "-cp", classpath]
        _format(java, settings, folder / "data", classpath)
        self.address = f"127.0.0.1:{port}"
        self._command = [*java, "kafka.Kafka", str(settings)]
        self._port = port
        self._log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens; raises BrokerError."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        _await_port(self._process, self._port, self._log)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self) -> None:
        """End it, politely first."""
        if self._process is not None:
            _stop(self._process)


@contextmanager
def embedded(port: int, relayed: Relayed | None = None) -> Iterator[Embedded]:
    """An embedded broker that runs, with data of its own, as long as the context."""
    with TemporaryDirectory(prefix="heliograph-kafka-", ignore_cleanup_errors=True) as name:
        own = Embedded(Path(name), port, relayed)
        try:
            own.start()
            yield own
        finally:
            own.stop()


def _write_settings(folder: Path, port: int, relayed: Relayed | None) -> Path:
    ports = {"port": port, "controller_port": free_port()}
    text = SETTINGS.format(folder=folder / "data", **ports)
    if relayed is not None:
        text += RELAYED.format(**ports, **relayed._asdict())
    settings = folder / "server.properties"
    settings.write_text(text, encoding="utf-8")
    (folder / "log4j2.xml").write_text(LOGGING, encoding="utf-8")
    return settings


def _classpath() -> str:
    """The jars of Apache Kafka, resolved by Maven once and remembered."""
    with as_file(files("infra").joinpath("kafka/pom.xml")) as pom:
        remembered = _cache() / f"{_digest(pom.read_text(encoding='utf-8'))}.classpath"
        if remembered.exists():
            text = remembered.read_text(encoding="utf-8")
            if all(Path(jar).exists() for jar in text.split(os.pathsep)):
                return text
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:build-classpath"]
        _run([*command, f"-Dmdep.outputFile={remembered}"], "Maven could not fetch Apache Kafka")
        return remembered.read_text(encoding="utf-8")


def _format(java: list[str], settings: Path, data: Path, classpath: str) -> None:
    """Put a formatted, empty KRaft log into `data`; formatted once, then copied."""
    template = _cache() / f"{_digest(classpath)}.formatted"
    if not template.exists():
        command = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"]
        _run([*command, str(settings)], "Apache Kafka could not format its log")
        fresh = template.with_name(f"{template.name}.{os.getpid()}")
        shutil.copytree(data, fresh)
        if not template.exists():
            fresh.rename(template)
    shutil.copytree(template, data, dirs_exist_ok=True)


def _run(command: list[str], failure: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BrokerError(f"{failure} within {TOOL_TIMEOUT_S} s.") from error
    if done.returncode:
        raise BrokerError(f"{failure}: {(done.stdout + done.stderr)[-2000:]}")


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while is_free(port):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise BrokerError(f"Apache Kafka did not start on port {port}: {tail}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _docker_answers() -> bool:
    if not shutil.which("docker"):
        return False
    done = subprocess.run(
        ["docker", "info"],  # noqa: S607
        capture_output=True,
        timeout=10,
        check=False,
    )
    return done.returncode == 0


@contextmanager
def _container(port: int) -> Iterator[str]:
    from testcontainers.core.container import DockerContainer  # imported only where it is used
    from testcontainers.core.waiting_utils import wait_for_logs

    text = SETTINGS.format(port=port, controller_port=29093, folder="/tmp/kafka")  # noqa: S108
    container = DockerContainer(IMAGE).with_bind_ports(port, port)
    for line in text.replace(f"PLAINTEXT://127.0.0.1:{port}", f"PLAINTEXT://:{port}").splitlines():
        name, value = line.split("=", 1)
        container = container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    advertised = f"PLAINTEXT://127.0.0.1:{port}"
    with container.with_env("KAFKA_ADVERTISED_LISTENERS", advertised) as running:
        wait_for_logs(running, "Kafka Server started", timeout=START_TIMEOUT_S)
        yield f"127.0.0.1:{port}"


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "heliograph"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
