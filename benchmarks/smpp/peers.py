"""The clients that are measured, and how each gets onto this machine.

Exact versions, from the registries' ordinary clients, into a cache that the checkout does not see.
`rate` is about what a client does in a second of CPU; it only sizes the work.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CACHE = Path.home() / ".cache" / "heliograph" / "bench"
CLIENTS = Path(__file__).parent / "clients"
INSTALL_TIMEOUT_S = 600.0

Command = list[str]


@dataclass(frozen=True, slots=True)
class Client:
    """One row of the result; `install` returns the command to run and raises when it cannot."""

    name: str
    version: str
    language: str
    rate: int
    install: Callable[[], Command]
    warmup: int = 1000


def python(module: str, *requirements: str) -> Callable[[], Command]:
    """A client in Python, in an environment of its own; without requirements, in ours."""

    def install() -> Command:
        interpreter = sys.executable
        if requirements:
            home = CACHE / requirements[0].replace("==", "-")
            interpreter = str(home / "bin" / "python")
            if not (home / "installed").exists():
                _run(sys.executable, "-m", "venv", "--clear", str(home))
                _run(interpreter, "-m", "pip", "install", "--quiet", *requirements)
                (home / "installed").touch()
        return [interpreter, "-m", f"benchmarks.smpp.clients.{module}"]

    return install


def node(version: str) -> Callable[[], Command]:
    """node-smpp, found through a copy of the client beside its modules."""

    def install() -> Command:
        home = CACHE / f"node-smpp-{version}"
        if not (home / "node_modules" / "smpp").exists():
            home.mkdir(parents=True, exist_ok=True)
            arguments = ("--no-package-lock", "--no-save", "--silent", "--prefix", str(home))
            _run("npm", "install", *arguments, f"smpp@{version}")
        program = shutil.copy(CLIENTS / "node_smpp.js", home)
        return ["node", str(program)]

    return install


def java(main: str) -> Callable[[], Command]:
    """A client on the JVM; one pom and one compilation serve both."""

    def install() -> Command:
        home = CACHE / "java"
        sources, pom = CLIENTS / "java", CLIENTS / "java" / "pom.xml"
        installed = home / "pom.xml"
        if not installed.exists() or installed.read_bytes() != pom.read_bytes():
            shutil.rmtree(home, ignore_errors=True)
            directory = f"-DoutputDirectory={home / 'lib'}"
            _run("mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", directory)
            shutil.copy(pom, installed)
        jars, classes = f"{home / 'lib'}/*", str(home / "classes")
        _run("javac", "-cp", jars, "-d", classes, *map(str, sorted(sources.glob("*.java"))))
        return ["java", "-Xmx512m", "-cp", f"{jars}:{classes}", main]

    return install


def go(directory: str) -> Callable[[], Command]:
    """A client in Go."""

    def install() -> Command:
        program = CACHE / directory / "client"
        _run("go", "build", "-C", str(CLIENTS / directory), "-o", str(program), ".")
        return [str(program)]

    return install


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no output"]
        raise OSError(f"{command[0]}: {lines[-1]}")


UVLOOP = "uvloop==0.23.0"
RUSMPPYC = python("rusmppyc", "rusmppyc==0.4.0a2", UVLOOP)
AIOSMPPLIB = python("aiosmpplib", "aiosmpplib==0.7.4", UVLOOP)
SHIPPED = python("aiosmpplib_shipped", "aiosmpplib==0.7.4", UVLOOP)

ALL = (
    Client("ours", "", "Python", 200_000, python("ours"), 5000),
    Client("ours, callbacks", "", "Python", 250_000, python("ours_callbacks"), 5000),
    Client("floor", "", "Python", 350_000, python("floor"), 5000),
    Client("gosmpp", "0.3.1", "Go", 120_000, go("gosmpp"), 20_000),
    Client("cloudhopper", "5.0.9", "Java", 90_000, java("Cloudhopper"), 200_000),
    Client("jSMPP", "3.0.1", "Java", 40_000, java("Jsmpp"), 100_000),
    Client("node-smpp", "0.5.1", "JavaScript", 80_000, node("0.5.1"), 30_000),
    Client("aiosmpplib, tuned", "0.7.4", "Python", 25_000, AIOSMPPLIB),
    Client("aiosmpplib, shipped", "0.7.4", "Python", 700, SHIPPED),
    Client("smpp34", "1.5.0", "Rust, Python", 25_000, python("smpp34", "smpp34==1.5.0", UVLOOP)),
    Client("rusmppyc", "0.4.0a2", "Rust, Python", 20_000, RUSMPPYC),
    Client("smpplib", "2.2.4", "Python", 18_000, python("smpplib", "smpplib==2.2.4")),
    Client("naz, tuned", "0.8.1", "Python", 12_000, python("naz", "naz==0.8.1", UVLOOP)),
)
