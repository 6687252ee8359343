"""Notes and scores: what each verb sends, and what it makes of the answer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from activecampaign_async.resources._reference import Reference
from activecampaign_async.resources.notes import NoteRelType, Notes
from activecampaign_async.resources.scores import ScoreRelType, Scores
from tests.resources.road import Road

pytestmark = pytest.mark.anyio

ROW: dict[str, Any] = {
    "relid": "7",
    "reltype": "Subscriber",
    "userid": "1",
    "is_draft": "0",
    "cdate": "2026-05-28T03:48:47-05:00",
    "mdate": "2026-05-28T05:07:28-05:00",
    "note": "Hello",
    "links": {"owner": "https://example.api-us1.com/api/3/notes/2/owner"},
    "id": "2",
    "user": "1",
    "owner": {"type": "contact", "id": "7"},
}


async def test_get() -> None:
    road = Road({"note": ROW})
    note = await Notes(road).get("2", timeout=3)
    assert road.sent == ("GET", "/notes/2", None)
    assert road.calls[0].timeout == 3
    assert (note.note, note.rel_type, note.rel_id, note.is_draft) == ("Hello", NoteRelType.CONTACT, 7, False)
    assert note.owner == Reference(type="contact", id=7)
    assert note.updated_at == datetime(2026, 5, 28, 5, 7, 28, tzinfo=timezone(timedelta(hours=-5)))
    assert (note.misfits, note.extra, note.to_dict()) == (frozenset(), {}, ROW)


async def test_kinds_of_tomorrow() -> None:
    road = Road({"note": ROW | {"reltype": "Parcel", "is_draft": "", "owner": {"type": "parcel", "id": 5}}})
    note = await Notes(road).get(2)
    assert (note.rel_type, note.is_draft, note.owner) == ("Parcel", None, Reference(type="parcel", id=5))


async def test_list() -> None:
    road = Road({"notes": [ROW, ROW | {"id": "3"}], "meta": {"total": "2"}})
    assert [note.id async for note in Notes(road).list(limit=5)] == [2, 3]
    assert road.sent == ("GET", "/notes", None)
    assert road.calls[0].query == {"limit": "5", "offset": "0"}


@pytest.mark.parametrize(("kind", "wire"), [(NoteRelType.DEAL_TASK, "DealTask"), ("Parcel", "Parcel")])
async def test_create(kind: Any, wire: str) -> None:
    road = Road({"contacts": [{"id": "7"}], "note": ROW | {"relid": 7, "owner": {"type": "contact", "id": 7}}})
    note = await Notes(road).create(note="Hello", rel_type=kind, rel_id=7)
    assert road.sent == ("POST", "/notes", {"note": {"note": "Hello", "reltype": wire, "relid": 7}})
    assert (road.calls[0].repeatable, road.calls[0].writes) == (False, True)
    assert note.included.contacts[0].id == 7


async def test_update_sends_what_is_given_and_no_more() -> None:
    road = Road({"note": ROW})
    await Notes(road).update(2, note="Changed")
    assert road.sent == ("PUT", "/notes/2", {"note": {"note": "Changed"}})
    await Notes(road).update(2, rel_type=NoteRelType.ACCOUNT, rel_id="5")
    assert road.sent == ("PUT", "/notes/2", {"note": {"reltype": "CustomerAccount", "relid": "5"}})
    with pytest.raises(ValueError, match="nothing to change"):
        await Notes(road).update(2)
    assert len(road.calls) == 2


async def test_delete() -> None:
    road = Road({})
    await Notes(road).delete(2)
    assert road.sent == ("DELETE", "/notes/2", None)
    assert (road.calls[0].result_due, road.calls[0].missing_is_done) == (False, False)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"note": 5}, TypeError, "note: .*not int"),
        ({"rel_type": 5}, TypeError, "rel_type: NoteRelType or str"),
        ({"rel_id": 0}, ValueError, "rel_id: an int"),
        ({"reltype": "Deal"}, TypeError, "'reltype': did you mean rel_type?"),
        ({"txt": "x"}, TypeError, "unknown argument 'txt'"),
    ],
)
async def test_values_refused(given: dict[str, Any], error: type[Exception], text: str) -> None:
    road = Road()
    with pytest.raises(error, match=text):
        await Notes(road).update(2, **given)
    assert road.calls == []


async def test_a_note_says_something() -> None:
    road = Road()
    with pytest.raises(ValueError, match="note: is empty"):
        await Notes(road).create(note=" ", rel_type=NoteRelType.CONTACT, rel_id=7)
    assert road.calls == []


SCORE: dict[str, Any] = {
    "reltype": "deal",
    "name": "Size",
    "descript": "+1",
    "status": "1",
    "cdate": "",
    "links": [],
    "id": "2",
}


async def test_scores() -> None:
    road = Road({"score": SCORE})
    score = await Scores(road).get(2)
    assert road.sent == ("GET", "/scores/2", None)
    assert (score.name, score.description, score.rel_type) == ("Size", "+1", ScoreRelType.DEAL)
    assert (score.misfits, score.extra, score.to_dict()) == (frozenset(), {}, SCORE)
    road = Road({"scores": [SCORE], "meta": {"total": "1"}})
    assert [score.id for score in await Scores(road).list(limit=9).collect()] == [2]
    assert (road.sent, road.calls[0].query) == (("GET", "/scores", None), {"limit": "9", "offset": "0"})
