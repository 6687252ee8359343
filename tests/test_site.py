"""The built documentation, where `AC_SITE` names its folder (`nox -s docs`): all that is public stands in it, and it
shows without asking anybody else for anything.
"""

from __future__ import annotations

import ast
import enum
import inspect
import os
import re
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import attrs
import pytest

import activecampaign_async
from activecampaign_async import AsyncClient
from activecampaign_async.resources.imports import ImportRow
from tests.browser import Browser, chromium, running

SITE = Path(os.environ.get("AC_SITE", "no site"))
pytestmark = pytest.mark.skipif(not SITE.is_dir(), reason="AC_SITE names no built site: `nox -s docs` builds one")

PACKAGE = "activecampaign_async"
SOURCE = Path(activecampaign_async.__file__).parent
WIDE, NARROW = 1400, 390
LARGEST = 250_000  # bytes of a page; all of the reference on one had 1.5 million


class _Page(HTMLParser):
    """The anchors of a page, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])


@pytest.fixture(scope="module")
def pages() -> dict[str, _Page]:
    """By the path that a browser asks for."""
    found = {}
    for file in sorted(SITE.rglob("*.html")):
        path = "/" + file.relative_to(SITE).as_posix().removesuffix("index.html")
        found[path] = _Page(file.read_text(encoding="utf-8"))
    return found


# -- what is public


def public_modules() -> Iterator[ModuleType]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts[0] not in ("sandbox", "cli") and not any(part.startswith("_") for part in parts):
            yield import_module(".".join((PACKAGE, *parts)))


def public_classes() -> dict[str, Any]:
    """By name: what the package gives, and what its public modules define or give."""
    modules = [activecampaign_async, import_module(f"{PACKAGE}.sandbox"), *public_modules()]
    found = {}
    for module in modules:
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            given = hasattr(module, "__all__") or getattr(value, "__module__", "") == module.__name__
            if inspect.isclass(value) and given and value.__module__.startswith(PACKAGE) and not name.startswith("_"):
                found[value.__name__] = value
    return found


def is_area(kind: type) -> bool:
    return kind.__name__ in AsyncClient.__annotations__.values()


def members(kind: Any, shown: set[str]) -> set[str]:
    """What a class holds and does: of its own, and by bases that are not shown themselves."""
    if issubclass(kind, enum.Enum):
        return set(kind.__members__)
    found: set[str] = set()
    for base in kind.__mro__:
        if base is kind or (base.__module__.startswith(PACKAGE) and base.__name__ not in shown):
            found |= own(base, area=is_area(kind))
    return {name for name in found if not name.startswith("_")}


def own(kind: Any, *, area: bool) -> set[str]:
    """Of an area, what it does: it holds nothing for a reader."""
    does = {name for name, value in vars(kind).items() if isinstance(value, _VERBS)}
    if area:
        return does
    if attrs.has(kind):
        return does | {a.name for a in attrs.fields(kind) if not a.inherited}
    return does | {name for name, hint in inspect.get_annotations(kind).items() if "ClassVar" not in str(hint)}


_VERBS = (type(lambda: None), property, classmethod, staticmethod)
NOT_SHOWN = {  # public for the modules beside, and no user's
    "Fault.meets",
    "Fault.strike",
    "Included.owned",
    "Ranked",
    "Ranked.rank",
    "RetryPolicy.after",
    "Sandbox.before_sending",
    "Sandbox.handle",
    "Sandbox.move",
    "Usage.count",
    *(f"BatchRow.{key}" for key in ImportRow.__annotations__),  # shown there: a TypedDict forgets its bases
}


def defined() -> set[str]:
    """Classes and aliases that the package defines at a module's top, public by name."""
    names = set()
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).parts[0] in ("sandbox", "cli"):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names.add(node.targets[0].id)
    return {name for name in names if re.fullmatch(r"[A-Z]+[a-z]\w*", name)}


def named_in_signatures(kind: Any, shown: set[str]) -> set[str]:
    """All that a reader of a class meets in its annotations."""
    said = [str(hint) for name, hint in inspect.get_annotations(kind).items() if not name.startswith("_")]
    for name in (name for name in members(kind, shown) if f"{kind.__name__}.{name}" not in NOT_SHOWN):
        verb = inspect.getattr_static(kind, name, None)
        verb = verb.fget if isinstance(verb, property) else getattr(verb, "__func__", verb)
        said += [str(hint) for hint in getattr(verb, "__annotations__", {}).values()]
    text = re.sub(r"\b(?:Annotated\[|Wire\([^)]*\))", "", " ".join(said))
    return set(re.findall(r"[A-Za-z_]\w*", text)) - {"ClassVar"}


@pytest.fixture(scope="module")
def shown(pages: dict[str, _Page]) -> set[str]:
    """`Class`, `Class.member` or `ALIAS`: the anchors of the reference less their modules."""
    anchors = {anchor for page in pages.values() for anchor in page.ids if anchor.startswith(f"{PACKAGE}.")}
    return {re.sub(r"^(?:[a-z_]\w*\.)+(?=[A-Z]|[a-z]+$)", "", anchor) for anchor in anchors}


def test_every_public_class_is_shown_with_all_that_it_holds_and_does(shown: set[str]) -> None:
    wanted = set()
    for name, kind in public_classes().items():
        wanted |= {name, *(f"{name}.{member}" for member in members(kind, shown))}
    assert len(wanted) > 1000
    assert wanted - shown - NOT_SHOWN == set()


def test_what_signatures_name_is_shown(shown: set[str]) -> None:
    known = defined()
    missing = {}
    for name, kind in public_classes().items():
        if unknown := (named_in_signatures(kind, shown) & known) - shown:
            missing[name] = unknown
    assert missing == {}


def test_every_name_of_the_package_is_shown(shown: set[str]) -> None:
    assert set(activecampaign_async.__all__) - {"__version__"} <= shown


def test_no_private_name_is_shown(shown: set[str]) -> None:
    assert [name for name in shown if re.search(r"(?:^|\.)_", name)] == []


# -- where it leads


def test_no_page_is_huge() -> None:
    assert {page.as_posix(): size for page in SITE.rglob("*.html") if (size := page.stat().st_size) > LARGEST} == {}


def test_every_link_within_the_site_leads_somewhere(pages: dict[str, _Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            where, anchor = urldefrag(urljoin(f"http://site{path}", link))
            if urlsplit(where).netloc != "site":
                continue
            there = pages.get(urlsplit(where).path)
            if there is None or (anchor and unquote(anchor) not in there.ids):
                broken.append(f"{path} -> {link}")
    assert broken == []


OUTSIDE = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]+?(?:src|href)="((?:https?:)?//[^"]+)"')


def test_no_page_names_another_host_for_a_part_of_it() -> None:
    named = {page.as_posix(): OUTSIDE.findall(page.read_text(encoding="utf-8")) for page in SITE.rglob("*.html")}
    assert {page: hosts for page, hosts in named.items() if hosts} == {}


# -- how it shows


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        assert isinstance(self.server, _Server)
        self.server.refused.append(self.path)
        super().send_error(code, message, explain)


class _Server(ThreadingHTTPServer):
    refused: list[str]


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), partial(_Handler, directory=str(SITE))) as server:
        server.refused = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("NO PAGE WAS OPENED: Chromium is not installed. Install it, or name one in AC_CHROMIUM.")
    with running(program) as browser:
        yield browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_page_shows_and_asks_nobody_else(
    width: int, browser: Browser, server: _Server, pages: dict[str, _Page]
) -> None:
    home = f"http://127.0.0.1:{server.server_port}"
    browser.size(width)
    wrong: list[str] = []
    for path in pages:
        wrong += [f"{path}: {said}" for said in complaints(browser.open(f"{home}{path}"), home)]
        wide = browser.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        if wide > 0:
            wrong.append(f"{path}: {wide} px too wide")
    assert not wrong, "\n".join(wrong)
    assert server.refused == []


def complaints(events: list[dict[str, Any]], home: str) -> Iterator[str]:
    """What went wrong while a page was loaded."""
    for event in events:
        told = event["params"]
        match event["method"]:
            case "Network.requestWillBeSent":
                if not told["request"]["url"].startswith((f"{home}/", "data:", f"blob:{home}/")):
                    yield f"asks for {told['request']['url']}"
            case "Network.loadingFailed" if not told.get("canceled"):
                yield f"got {told['errorText']}"
            case "Network.responseReceived" if told["response"]["status"] >= 400:
                yield f"got {told['response']['status']} for {told['response']['url']}"
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                yield f"says {told['entry']['text']}"
            case "Runtime.consoleAPICalled" if told["type"] == "error":
                yield f"says {told['args']}"
            case "Runtime.exceptionThrown":
                yield f"raises {told['exceptionDetails']['text']}"


_RESULTS = """new Promise(done => {
    const links = root => [...root.querySelectorAll("*")].flatMap(node =>
        node.shadowRoot ? links(node.shadowRoot) : node.matches("[role=option] a, a[role=option]") ? [node.href] : []);
    const look = left => {
        const found = links(document);
        found.length || !left ? done(found) : setTimeout(look, 100, left - 1);
    };
    look(50);
})"""


def test_a_search_finds(browser: Browser, server: _Server) -> None:
    browser.size(WIDE)
    browser.open(f"http://127.0.0.1:{server.server_port}/")
    browser.evaluate("document.querySelector('.md-search__button').click()")
    browser.call("Input.insertText", text="RetryPolicy")
    assert any("/pacing/" in link for link in browser.evaluate(_RESULTS))
