"""The page is served whole, from its own origin, and says nothing that a browser would refuse."""

import re
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from services.telemetry.access import Guard
from services.telemetry.page import FOLDER, part
from services.telemetry.parts import Desk

FILES = sorted(FOLDER.iterdir())
INLINE = re.compile(r"""<style|<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=["']""")
ELSEWHERE = re.compile(r"""https?://(?!www\.w3\.org/2000/svg)|(?:src|href)=["']//|@import|url\(""")
AS_HTML = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser")
LINES_MAX, COLUMNS_MAX = 400, 120
TYPES = {".html": "text/html", ".css": "text/css", ".js": "javascript", ".svg": "image/svg+xml"}


@pytest.fixture(scope="module")
def client() -> Any:
    routes = part(cast(Desk, None)).routes
    app = Starlette(routes=routes, middleware=[Middleware(Guard, host="127.0.0.1")])
    return TestClient(app, base_url="http://127.0.0.1:8770")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_served_under_the_policy(client: TestClient, path: Any) -> None:
    answer = client.get(f"/{path.name}")
    assert (answer.status_code, answer.content) == (200, path.read_bytes())
    assert TYPES[path.suffix] in answer.headers["content-type"]
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


def test_the_page_is_at_the_root_and_nothing_else_is_there(client: TestClient) -> None:
    assert client.get("/").text == (FOLDER / "index.html").read_text(encoding="utf-8")
    assert client.get("/nowhere").status_code == 404
    assert client.get("/../page.py").status_code == 404
    assert client.get("/%2e%2e/page.py").status_code == 404


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_loads_nothing_from_elsewhere_and_makes_no_html_of_text(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    found = [rule.search(text) for rule in (ELSEWHERE, AS_HTML)]
    if path.suffix == ".html":
        found.append(INLINE.search(text))
    assert [each[0] for each in found if each] == []
    lines = text.splitlines()
    assert len(lines) <= LINES_MAX
    if path.suffix != ".svg":
        assert [line for line in lines if len(line) > COLUMNS_MAX] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_a_file_names_is_there(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"""(?:from|import) "\./([^"]+)";""", text)
    if path.suffix == ".html":
        named += re.findall(r"""(?:src|href)="([^"#]+)\"""", text)
    for name in named:
        assert (FOLDER / name).exists(), name
    if path.suffix == ".js" and path.name != "main.js":
        importers = [each for each in FILES if f'"./{path.name}"' in each.read_text("utf-8")]
        assert importers, "nobody imports it"


def test_every_element_that_a_script_names_is_in_the_page() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    there = set(re.findall(r'\bid="([^"]+)"', page))
    named = {
        name
        for path in FILES
        if path.suffix == ".js"
        for name in re.findall(r'\bone\("#([a-z-]+)', path.read_text(encoding="utf-8"))
    }
    assert named - there == set()
    assert len(there) == len(re.findall(r'\bid="', page)), "an id twice"
