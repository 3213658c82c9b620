"""Puts the peers where they can run: each into a cache folder, found again the next time.

A folder is named by the digest of what went into it, so a changed peer is made anew. What cannot be
had, for want of a client or of a registry, raises `NotInstalledError` with the reason.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "heliograph" / "interop"
INSTALL_TIMEOUT_S = 240
JVM = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


class NotInstalledError(Exception):
    """Why a peer cannot be had here."""


def peer_command(name: str, certificates: Path) -> list[str]:
    """What starts a peer; it is installed first where it is not yet."""
    return COMMANDS[name](certificates)


def system_program(name: str, package: str) -> str:
    """The path of a program of the system, its Debian package installed where we may."""
    path = shutil.which(name, path=SYSTEM_PATH)
    if path is None:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise NotInstalledError(f"no {name}, and no right to install the package {package}")
        _run(["apt-get", "update", "-qq"], Path.cwd())
        _run(["apt-get", "install", "-y", "--no-install-recommends", package], Path.cwd())
        path = shutil.which(name, path=SYSTEM_PATH)
    if path is None:
        raise NotInstalledError(f"the package {package} has no {name}")
    return path


def npm_package(name: str, version: str) -> Path:
    """The folder of a package of npm, in this version."""
    folder = CACHE / f"npm-{name}-{version}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
        _run([_program("npm"), "install", *quiet, "--prefix", ".", f"{name}@{version}"], folder)
        (folder / "made").touch()
    return folder / "node_modules" / name


def _node(certificates: Path) -> list[str]:
    folder = _made("node", ("package.json", "peer.js"), _make_node)
    return [_program("node"), str(folder / "peer.js")]


def _make_node(folder: Path) -> None:
    _run([_program("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund"], folder)


def _java(peer: str) -> Callable[[Path], list[str]]:
    def command(certificates: Path) -> list[str]:
        sources = [path.name for path in sorted((PEERS / "java").glob("*.java"))]
        folder = _made("java", ("pom.xml", *sources), _make_java)
        stores = [
            f"-Djavax.net.ssl.{kind}Store{what}"
            for kind in ("key", "trust")
            for what in (f"={certificates / kind}.p12", "Password=changeit", "Type=PKCS12")
        ]
        classpath = os.pathsep.join((str(folder / "classes"), str(folder / "lib" / "*")))
        return [_program("java"), *JVM, *stores, "-cp", classpath, "Main", peer]

    return command


def _make_java(folder: Path) -> None:
    _run(
        [
            _program("mvn"),
            *("-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"),
        ],
        folder,
    )
    sources = [str(path) for path in sorted(folder.glob("*.java"))]
    _run([_program("javac"), "-d", "classes", "-cp", "lib/*", *sources], folder)


def _smpplib(certificates: Path) -> list[str]:
    folder = _made("smpplib", ("requirements.txt", "peer.py"), _make_smpplib)
    return [str(folder / "venv" / "bin" / "python"), str(folder / "peer.py")]


def _make_smpplib(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", "venv"], folder)
    _run(["venv/bin/pip", "install", "--quiet", "-r", "requirements.txt"], folder)


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "node": _node,
    "jsmpp": _java("jsmpp"),
    "cloudhopper": _java("cloudhopper"),
    "smpplib": _smpplib,
}


def _made(name: str, files: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """The folder of a peer, its files copied into it and made to run there."""
    octets = b"".join((PEERS / name / file).read_bytes() for file in files)
    folder = CACHE / f"{name}-{hashlib.sha256(octets).hexdigest()[:12]}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in files:
            shutil.copy(PEERS / name / file, folder)
        make(folder)
        (folder / "made").touch()
    return folder


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise NotInstalledError(f"no {name}")
    return path


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"{command[0]} took too long") from error
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines()
        raise NotInstalledError(f"{command[0]}: {' '.join(lines[-3:])}")
