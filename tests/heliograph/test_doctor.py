"""The looks that need no broker, each at something that is wrong."""

import asyncio
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import trustme

from heliograph import doctor
from heliograph.binds import Look
from heliograph.diagnosis import FAIL, OK, WARN, Finding
from heliograph.doctor import SERVICES, bound, examine
from pipeline.broker import free_port
from pipeline.config import KafkaConfig, load
from pipeline.errors import BrokerError
from services.telemetry.groups import Asked
from services.telemetry.snapshot import Group
from tests.services.sandbox.loopback import DEADLINE_S, PASSWORD, sandbox

ROUTES = """\
version: one
rules:
  - name: all
    prefix: ""
    connectors: [slow]
"""


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kafka: KafkaConfig) -> Mapping[str, int]:
        raise BrokerError(f"no broker answers at {kafka.bootstrap_servers}")

    monkeypatch.setattr(doctor, "partition_counts", refuse)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration with one connector, and gives its path."""

    def written(account: str = "hosts: 127.0.0.1:1", more: str = "", routes: str = ROUTES) -> Path:
        (tmp_path / "routes.yaml").write_text(routes, encoding="utf-8")
        path = tmp_path / "heliograph.yaml"
        limits = f"system_id: one, password: {PASSWORD}, rate_per_s: 1"
        text = f"dev: true\nconnectors: {{slow: {{{limits}, {account}}}}}\n"
        path.write_text(f"{text}state_dir: {tmp_path}\nroutes: routes.yaml\n{more}")
        return path

    return written


def of(found: list[Finding], check: str) -> list[Finding]:
    return [finding for finding in found if finding.check.startswith(check)]


def verdicts(path: Path, check: str) -> list[str]:
    return [f.verdict for f in of(examine(path, SERVICES, looks_apart_s=0), check)]


def test_without_a_broker_what_needs_none_is_looked_at(write: Callable[..., Path]) -> None:
    found = examine(write(), SERVICES, looks_apart_s=0)
    (broker,) = of(found, "broker")
    assert (broker.verdict, "no broker answers" in broker.says) == (FAIL, True)
    checks = {finding.check for finding in found}
    assert {"config", "routes", "schemas", "registry", "state disk", "telemetry"} <= checks
    assert not checks & {"topics", "acls", "clocks", "progress"}
    well = [finding for name in ("config", "routes", "registry") for finding in of(found, name)]
    assert [finding.verdict for finding in well] == [OK, OK, OK]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("nonsense: 1", "nonsense"),
        ("services: {intake: {weights: 1}}", "services.intake.weights"),
        ("services: {telemetry: {host: 0.0.0.0}}", "services.telemetry.token"),
        ("profiles: {default: {statuses: {ESME_THROTTLED: reject}}}", "ESME_THROTTLED: is no"),
    ],
)
def test_a_configuration_that_no_service_would_take_is_told(
    write: Callable[..., Path], more: str, words: str
) -> None:
    found = of(examine(write(more=more), SERVICES, looks_apart_s=0), "config")
    assert [finding.verdict for finding in found] == [FAIL]
    assert words in found[0].says


def test_a_secret_that_is_not_there_is_no_fault_of_the_pipeline(write: Callable[..., Path]) -> None:
    path = write()
    text = path.read_text(encoding="utf-8").replace(PASSWORD, "'${NOT_THERE_PASSWORD}'")
    path.write_text(text, encoding="utf-8")
    found, tls = of(examine(path, SERVICES, looks_apart_s=0), "config")
    assert (found.verdict, "NOT_THERE_PASSWORD" in found.says) == (WARN, True)
    assert (tls.verdict, "not tried" in tls.says) == (WARN, True)


def test_routes_with_a_fault_are_told(write: Callable[..., Path]) -> None:
    path = write(routes=ROUTES.replace("slow", "gone"))
    (found,) = of(examine(path, SERVICES, looks_apart_s=0), "routes")
    assert (found.verdict, "gone" in found.says) == (FAIL, True)


def test_a_host_that_nobody_answers_at_is_told_of_each(write: Callable[..., Path]) -> None:
    account = f"hosts: ['127.0.0.1:{free_port()}', '127.0.0.1:{free_port()}']"
    found = of(examine(write(account), SERVICES, looks_apart_s=0), "smsc")
    assert [(f.verdict, "can't be reached" in f.says) for f in found] == [(FAIL, True)] * 2


def test_a_disk_without_room_is_told(write: Callable[..., Path]) -> None:
    assert verdicts(write(more="state_room_mib: 0"), "state disk") == [OK]
    assert verdicts(write(more="state_room_mib: 1000000000"), "state disk") == [FAIL]


def test_telemetry_that_does_not_answer_is_a_warning(write: Callable[..., Path]) -> None:
    port = free_port()
    assert verdicts(write(more=f"services: {{telemetry: {{port: {port}}}}}"), "telemetry") == [WARN]


def test_a_look_that_breaks_keeps_no_other_from_being_taken(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(doctor, "free_octets", broken)
    found = examine(write(), SERVICES, looks_apart_s=0)
    (room,) = of(found, "state disk")
    assert (room.verdict, "ZeroDivisionError" in room.says) == (FAIL, True)
    assert of(found, "telemetry")


@pytest.mark.parametrize(
    ("lag", "drained", "verdict"),
    [(9, [], FAIL), (9, ["slow"], OK), (0, [], OK)],  # the last one is paused, all of it
)
def test_what_rests_because_somebody_wants_it_does_not_stand_still(
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    lag: int,
    drained: list[str],
    verdict: str,
) -> None:
    groups = tuple(
        Group(name=name, lag=own, age_s=None, done_per_s=0.0)
        for name, own in (("binder-slow", lag), ("scheduler", 7), ("telemetry", 8))
    )
    asked = Asked(groups, {group.name: 5 for group in groups})
    monkeypatch.setattr(doctor, "asked_twice", lambda *_: (asked, asked))
    monkeypatch.setattr(doctor, "look", lambda *_: Look(0, [], drained))  # type: ignore[arg-type]
    (found,) = doctor._progress(load(write()), 3)
    assert found.verdict == verdict


async def test_an_smsc_that_answers_is_bound_to_only_when_that_is_asked_for(
    write: Callable[..., Path],
) -> None:
    async with sandbox() as own:
        path = write(f"hosts: 127.0.0.1:{own.port}")
        found = of(await asyncio.to_thread(examine, path, SERVICES, looks_apart_s=0), "smsc")
        assert [(f.verdict, f.says) for f in found] == [(OK, "answers")]
        assert own.statistics()["binds_ever"] == 0
        (bind,) = await asyncio.to_thread(bound, path, ["slow"])
        assert bind.verdict == OK
        async with asyncio.timeout(DEADLINE_S):
            while own.statistics()["binds"]:
                await asyncio.sleep(0)
        assert own.statistics()["binds_ever"] == 1


async def test_a_bind_that_is_refused_is_told_with_its_status(write: Callable[..., Path]) -> None:
    async with sandbox(accounts={"one": "another"}) as own:
        path = write(f"hosts: 127.0.0.1:{own.port}")
        (found,) = await asyncio.to_thread(bound, path, ["slow"])
        assert (found.verdict, "ESME_RINVPASWD" in found.says) == (FAIL, True)


@pytest.mark.parametrize(
    ("days", "name", "expected"),
    [
        (90, "smsc.example", [(OK, "answers"), (OK, "its certificate ends in")]),
        (10, "smsc.example", [(OK, "answers"), (WARN, "its certificate ends in 10 days")]),
        (2, "smsc.example", [(OK, "answers"), (FAIL, "its certificate ends in 2 days")]),
        (90, "other.example", [(FAIL, "can't be reached")]),
    ],
)
async def test_tls_is_tried_and_the_end_of_the_certificate_told(
    write: Callable[..., Path],
    tmp_path: Path,
    days: int,
    name: str,
    expected: list[tuple[str, str]],
) -> None:
    authority, ca, file = trustme.CA(), tmp_path / "ca.pem", tmp_path / "smsc.pem"
    authority.cert_pem.write_to_path(str(ca))
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, hours=1)
    leaf = authority.issue_cert("smsc.example", not_after=end)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(file))
    async with sandbox(listen=[{"tls": {"certificate": str(file)}}]) as own:
        tls = f"tls: {{ca_file: {ca}, certificate_file: {file}, server_name: {name}}}"
        path = write(f"hosts: 127.0.0.1:{own.port}, {tls}")
        found = of(await asyncio.to_thread(examine, path, SERVICES, looks_apart_s=0), "smsc")
    ours, *theirs = found
    verdict = {90: OK, 10: WARN, 2: FAIL}[days]
    assert (ours.verdict, "our certificate ends in" in ours.says) == (verdict, True)
    assert [f.verdict for f in theirs] == [verdict for verdict, _ in expected]
    assert all(words in f.says for f, (_, words) in zip(theirs, expected, strict=True))
