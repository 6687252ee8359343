"""The reference has a page for each area, and each verb says what it spends. The built site: test_site.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from activecampaign_async import AsyncClient, errors

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGE = "activecampaign_async"
PAGES = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md")}
SHOWN = {name: page for page, text in PAGES.items() for name in re.findall(r"^::: (\S+)", text, re.MULTILINE)}

SPENT = re.compile(r"``(GET|POST|PUT|DELETE) /[^`]+``")
SOURCE = re.compile(
    r"https://developers\.activecampaign\.com/reference/[a-z0-9-]+|\bUndocumented\s+by\s+ActiveCampaign\."
)


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public verb of every area."""
    ac = AsyncClient("https://acme.api-us1.com", "some-key")
    for area in AsyncClient.__annotations__:
        kind = type(getattr(ac, area))
        for name in dir(kind):
            verb = getattr(kind, name)
            if not name.startswith("_") and callable(verb) and not isinstance(verb, type):
                yield f"ac.{area}.{name}", verb


VERBS = dict(verbs())


def test_every_area_is_there() -> None:
    ac = AsyncClient("https://acme.api-us1.com", "some-key")
    for name, kind in AsyncClient.__annotations__.items():
        assert type(getattr(ac, name)).__name__ == kind


def test_every_area_has_its_page_and_every_module_is_shown() -> None:
    modules = {f"{PACKAGE}.resources.{path.stem}" for path in (ROOT / PACKAGE / "resources").glob("[a-z]*.py")}
    assert {name for name in SHOWN if re.fullmatch(rf"{PACKAGE}\.resources\.[a-z]\w*", name)} == modules
    for area in AsyncClient.__annotations__:
        assert SHOWN[f"{PACKAGE}.resources.{area}"] == f"{area}.md"


def test_the_overview_lists_every_page() -> None:
    listed = set(re.findall(r"\]\((\w+\.md)\)", PAGES["index.md"]))
    assert listed == PAGES.keys() - {"index.md"}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_says_what_it_spends_and_where_that_is_documented(name: str) -> None:
    said = VERBS[name].__doc__ or ""
    assert SPENT.search(said), f"{name}: no ``VERB /path``"
    assert SOURCE.search(said), f'{name}: neither the official page nor "Undocumented by ActiveCampaign."'


def test_every_error_is_in_the_table_of_errors() -> None:
    head = (DOCS / "errors.md").read_text(encoding="utf-8").partition("\n```")[0]
    told = set(re.findall(r"`(\w+Error)`", "".join(re.findall(r"^\| (.*?) \|", head, re.MULTILINE))))
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert told == kinds - {"ActiveCampaignError"}


def test_there_are_verbs() -> None:
    assert len(VERBS) > 80


def test_every_page_is_in_the_navigation_once() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\nplugins:\n")[0]
    listed = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", nav, re.MULTILINE)
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))
