"""`Key` and `Credentials`: equal by what they hold, and shown by nothing."""

from __future__ import annotations

import copy
import json
import pickle
import re
import traceback
from typing import Any

import pytest

from activecampaign_async import ConfigurationError, Key
from activecampaign_async.keys import Credentials, KeyProvider
from activecampaign_async.keys._source import KeySource
from activecampaign_async.keys.environment import EnvironmentKey
from activecampaign_async.keys.file import FileKey
from activecampaign_async.keys.static import StaticKey
from tests.keys.support import KEY, NEXT, Given, shows_nothing


def test_equal_by_what_they_hold() -> None:
    assert Key(KEY) == Key(KEY) != Key(NEXT)
    assert len({Key(KEY), Key(KEY), Key(NEXT)}) == 2
    assert Key(KEY) != KEY
    assert Credentials(KEY) == Credentials(Key(KEY)) != Credentials(KEY, "https://acme.api-us1.com")
    assert len({Credentials(KEY), Credentials(KEY)}) == 1


def test_told_apart_without_being_shown() -> None:
    assert Key(KEY).fingerprint == Key(KEY).fingerprint != Key(NEXT).fingerprint
    assert re.fullmatch("[0-9a-f]{8}", Key(KEY).fingerprint)


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps, Key.__getstate__])
def test_no_protocol_for_copies_gives_it(take: Any) -> None:
    """Serializers that walk objects ask for their state, and take what is in their slots where they get none."""
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        take(Key(KEY))


def holders() -> list[Any]:
    source = KeySource(StaticKey(KEY), str, "https://acme.api-us1.com")
    return [Credentials(KEY, KEY), StaticKey(KEY), source, Given(Key(KEY))]


@pytest.mark.parametrize("holder", holders(), ids=lambda holder: type(holder).__name__)
def test_what_holds_a_key_does_not_show_it(holder: Any) -> None:
    assert KEY not in f"{holder!r}{holder!s}{getattr(holder, '__dict__', '')}"
    with pytest.raises(TypeError):
        pickle.dumps(holder)
    with pytest.raises(TypeError):
        json.dumps(holder)


@pytest.mark.parametrize(
    "bad", [f"{KEY}\n", f"\r\n{KEY}", f"{KEY} ", f"'{KEY}'", KEY.encode(), None, "", [KEY]], ids=repr
)
def test_a_value_that_is_no_key_is_not_in_the_frames_of_the_error(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="the key: ") as caught:
        Key(bad)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    ours = [frame for frame in frames if "/tests/" not in frame.filename]
    assert ours
    assert not any(KEY in f"{frame.locals}" for frame in ours)
    assert shows_nothing(caught.value)


@pytest.mark.parametrize(
    "provider", [StaticKey(KEY), EnvironmentKey(), FileKey("some/file"), Given(KEY)], ids=lambda p: type(p).__name__
)
def test_a_provider_is_known_by_its_verb(provider: object) -> None:
    assert isinstance(provider, KeyProvider)
    assert not isinstance(KEY, KeyProvider)
    assert not isinstance(Key(KEY), KeyProvider)
