"""The shape of the code: sizes, doors, pure cores, mirrors, words."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.instruments import METRICS

ROOT = Path(__file__).parents[2]
PACKAGES = ("heliograph", "pipeline", "services", "smpp")
SOURCES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))
TABLES = {"smpp/values.py", "smpp/layout.py", "smpp/tlv.py", "pipeline/records.py"}
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400

DOORS = {  # foreign library: where it may be imported
    "confluent_kafka": (
        "pipeline/kafka/",
        "pipeline/registry.py",
        *(f"services/{name}/__main__.py" for name in ("binder", "scheduler")),
        *(f"services/intake/{name}.py" for name in ("lanes", "shell", "waiting")),
        *(f"services/binder/{name}.py" for name in ("errands", "outbox", "outputs", "shell")),
        *(f"services/telemetry/{name}.py" for name in ("groups", "letters", "panel", "shell")),
    ),
    "fastavro": ("pipeline/codec.py", "pipeline/registry.py"),
    "quixstreams": ("pipeline/stores.py", "pipeline/stream.py"),
    "rocksdict": ("pipeline/stores.py",),
    "yaml": (
        "heliograph/carriers.py",
        "heliograph/chaos/settings.py",
        "heliograph/cli.py",
        "pipeline/config.py",
        "pipeline/profiles.py",
        "pipeline/topics.py",
        "services/router/",
        "services/sandbox/",
    ),
    "concurrent": ("pipeline/kafka/", "services/router/portability.py"),
    "opentelemetry": ("pipeline/metrics.py", "pipeline/tracing.py"),
    "psycopg": ("services/telemetry/postgres.py",),
    "socket": (
        "heliograph/chaos/relay.py",  # RST
        "smpp/link.py",
        "smpp/inspection/tap.py",
        "pipeline/broker.py",
        "services/sandbox/http.py",
    ),
    "sqlite3": ("services/telemetry/sqlite.py",),
    "threading": (
        "pipeline/",
        "heliograph/",
        "services/intake/",
        "services/router/watch.py",
        "services/scheduler/",
        "services/telemetry/",
    ),
}
CORES = [
    "services.intake.core",
    "services.intake.left",
    "services.intake.poison",
    "services.intake.queues",
    "services.intake.release",
    "services.intake.sizes",
    "services.router.core",
    "services.router.choices",
    "services.router.commands",
    "services.router.waits",
    "services.router.differences",
    "services.router.frequency",
    "services.router.limits",
    "services.router.networks",
    "services.router.patience",
    "services.router.prefixes",
    "services.router.prices",
    "services.router.publications",
    "services.router.quiet_hours",
    "services.router.references",
    "services.router.retries",
    "services.router.rewording",
    "services.router.strategies",
    "services.router.usage",
    "services.binder.core",
    "services.binder.commands",
    "services.binder.calendar",
    "services.binder.circuit",
    "services.binder.engine",
    "services.binder.handsets",
    "services.binder.lanes",
    "services.binder.offsets",
    "services.binder.pacing",
    "services.binder.pressure",
    "pipeline.burials",
    "pipeline.burials",
    "pipeline.consents",
    "pipeline.masking",
    "pipeline.numbers",
    "pipeline.opt_outs",
    "pipeline.stops",
    "pipeline.story",
    "pipeline.traceparent",
    "pipeline.capacity",
    "services.binder.validity",
    "services.correlator.core",
    "services.correlator.carriers",
    "services.correlator.counting",
    "services.correlator.joining",
    "services.correlator.keywords",
    "services.correlator.learning",
    "services.correlator.matching",
    "services.correlator.meaning",
    "services.correlator.opt_outs",
    "services.correlator.parking",
    "services.correlator.replies",
    "services.correlator.segments",
    "services.correlator.sent",
    "services.correlator.votes",
    "services.tracker.core",
    "services.tracker.commands",
    "services.tracker.costs",
    "services.tracker.orders",
    "services.tracker.quality",
    "services.tracker.segments",
    "services.tracker.states",
    "services.tracker.story",
    "services.tracker.ways",
    "services.scheduler.core",
    "services.telemetry.alarms",
    "services.telemetry.connectors",
    "services.telemetry.figures",
    "services.telemetry.funnel",
    "services.telemetry.heard",
    "services.telemetry.latencies",
    "services.telemetry.reasons",
    "services.telemetry.slo",
    "services.telemetry.snapshot",
    "services.telemetry.sql",
    "services.telemetry.totals",
    "services.telemetry.view",
    "services.telemetry.windows",
    "heliograph.diagnosis",
    "heliograph.pdus",
    "heliograph.pdus",
    "heliograph.plots",
    "heliograph.reconciling",
    "heliograph.reported_html",
    "heliograph.reporting",
    "heliograph.verify",
    "heliograph.tallies",
    "heliograph.canaries",
    "smpp.session",
    "smpp.state",
    "smpp.window",
    "smpp.timers",
    "smpp.congestion",
    "smpp.version",
]
IMPURE = ("confluent_kafka", "quixstreams", "fastavro", "opentelemetry")
FORBIDDEN_WORDS = re.compile(r"\b(TODO|FIXME|XXX)\b|:returns: Nothing")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_is_short_and_its_functions_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert name_of(path) in TABLES or len(text.splitlines()) <= MODULE_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            doc = ast.get_docstring(node) or ""
            lines = node.end_lineno - node.lineno + 1 - len(doc.splitlines())
            assert lines <= FUNCTION_LINES_MAX, node.name


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_foreign_libraries_come_in_by_their_door(path: Path) -> None:
    name = name_of(path)
    for library in imports(ast.parse(path.read_text(encoding="utf-8"))) & DOORS.keys():
        assert name.startswith(DOORS[library]), library


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_says_what_it_is_and_leaves_nothing_for_later(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(text))
    assert not FORBIDDEN_WORDS.search(text)
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("package", ["pipeline", "services", "heliograph"])
def test_a_package_is_empty_so_that_importing_a_core_imports_nothing_else(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        assert path.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("core", CORES)
def test_a_core_is_pure_in_a_fresh_interpreter(core: str) -> None:
    script = (
        f"import sys, {core}; sys.exit(', '.join(m for m in {IMPURE!r} if m in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("core", CORES)
def test_a_core_waits_for_nothing_reads_no_clock_and_throws_no_dice(core: str) -> None:
    path = ROOT / (core.replace(".", "/") + ".py")
    assert not imports(ast.parse(path.read_text(encoding="utf-8"))) & {
        "time",
        "random",
        "os",
        "asyncio",
        "socket",
        "threading",
    }


def test_no_file_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    forbidden = re.compile(
        rb"/home/|/root/|/work/|pypi\.org|pythonhosted|repo1?\.maven|npmjs|deb\.debian"
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and name != name_of(Path(__file__)):
            found = forbidden.search(path.read_bytes())
            assert not found, f"{name}: {found and found[0]!r}"


def test_every_metric_that_is_declared_is_counted_somewhere() -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in SOURCES if p.name != "instruments.py")
    assert [name for name in METRICS if f'"{name}"' not in text] == []


def test_every_service_has_a_page() -> None:
    for folder in sorted((ROOT / "services").iterdir()):
        if (folder / "__main__.py").exists():
            page = (folder / "README.md").read_text(encoding="utf-8")
            assert len(page.splitlines()) >= 15, folder.name


def test_a_test_module_mirrors_a_module_that_exists() -> None:
    for test in [
        *(ROOT / "tests/services").rglob("test_*.py"),
        *(ROOT / "tests/smpp").rglob("test_*.py"),
    ]:
        relative = test.relative_to(ROOT / "tests")
        stem = relative.stem.removeprefix("test_")
        names = (f"{stem}.py", f"__{stem}__.py", f"{stem.upper()}.md")
        assert any((ROOT / relative.parent / name).exists() for name in names), name_of(test)
