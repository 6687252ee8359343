"""The public names are the same everywhere: in `__all__`, on the client, and in the docs' reference."""

from __future__ import annotations

import re
from pathlib import Path

import activecampaign_async
from activecampaign_async import AsyncClient

ROOT = Path(__file__).parent.parent
PACKAGE = "activecampaign_async"
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
SHOWN = {name.removeprefix(f"{PACKAGE}.") for name in re.findall(r"^::: (\S+)", REFERENCE, re.MULTILINE)}
MODULES = {f"resources.{path.stem}" for path in (ROOT / PACKAGE / "resources").glob("[a-z]*.py")}


def test_every_public_name_is_shown() -> None:
    beside_their_area = {name for name, home in activecampaign_async._HOME.items() if home in MODULES}
    names = set(activecampaign_async.__all__) - beside_their_area - {"__version__"}
    assert {name for name in SHOWN if "." not in name} - {"jobs"} == names


def test_every_area_is_shown_and_every_shape() -> None:
    assert {name for name in SHOWN if name.startswith("resources.")} == MODULES
    areas = set(re.findall(r"^### ac\.(\w+)", REFERENCE, re.MULTILINE))
    assert areas == set(AsyncClient.__annotations__)


def test_every_area_is_there() -> None:
    ac = AsyncClient("https://acme.api-us1.com", "some-key")
    for name, kind in AsyncClient.__annotations__.items():
        assert type(getattr(ac, name)).__name__ == kind


def test_every_public_verb_says_what_it_spends() -> None:
    """Verb and path, and the page of the official reference."""
    ac = AsyncClient("https://acme.api-us1.com", "some-key")
    for area in AsyncClient.__annotations__:
        for name in dir(type(getattr(ac, area))):
            verb = getattr(type(getattr(ac, area)), name)
            if name.startswith("_") or not callable(verb) or isinstance(verb, type):
                continue
            said = verb.__doc__ or ""
            assert re.search(r"``(GET|POST|PUT|DELETE) /", said), f"ac.{area}.{name} does not say what it spends"


def test_every_docs_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r": (\w+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")}
