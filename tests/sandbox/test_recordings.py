"""The sandbox judged against recordings of the real API: same status, same keys, same JSON types.

They are not part of this repository: `AC_RECORDINGS` names their folder, else it is looked for beside it.
"""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from .replay import compare, exchanges

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

ROOT = Path(__file__).parents[2]
OWN = os.environ.get("AC_RECORDINGS")
FOLDER = Path(OWN or ROOT.parent / "shared" / "api" / "recordings")

AREAS = {
    "contacts", "contact", "contactTags", "contactLists", "contactAutomations", "activities", "notes", "scores",
    "tags", "lists", "listGroups", "fields", "fieldOption", "fieldOptions", "fieldRels", "fieldValues",
    "groupDefinitions", "groupMembers", "users", "groups", "groupLimits",
}  # fmt: skip
"""First segments of paths. No exchange of these areas is left out, `/contacts/{id}/…` included."""
SHARE = 0.05
"""The most that the listed differences may be of all that is compared."""

_CONTACT = (
    "best_send_hour|last_click_date|last_mpp_open_date|last_open_date|mpp_tracking|sms_consent|"
    "sms_consent_updated_at|whatsapp_id|whatsapp_username"
)
LISTED = {
    rf"contacts?(\[\])?\.({_CONTACT}) is more": "columns that contacts got later",
    r"contacts?(\[\])?\.(email_empty|sentiment) is missing": "gone from stored rows by 2026",
    r"contact\.(email_empty|hash) is more": "creates answer with them in 2021, not in 2020 and 2026",
    r"tags?(\[\])?\.(deleted|links\.templateTags) is more": "columns that tags got later",
    r"lists?(\[\])?\.(channel|description) is more": "columns that lists got later",
    r"lists\[\]\.(active|non_deleted)_subscribers is more": "counts that listed lists got later",
    r"contactLists(\[\])?\.channel is more": "a column that they got later",
    r"groups?(\[\])?\.pg(LandingPagesAccess|WebPersonalizationManage) is more": "permissions that groups got later",
    r"groups?(\[\])?\.pg\w+ is missing": "permissions that groups had or got in other years: none of them is known",
    r"field\.(created_by|updated_by|perstag) is more": "creates answer with them since 2021",
    r"contactAutomations\[\]\.(in_als|links\.automationLogs) is missing": "documented for one place of three",
    r"POST /\w+: status is 201, not 200": "some adds answer 200 in 2026: nobody knows which",
    r"POST /contactTags: status is 422, not 400": "a refused association was a 400 in 2021, a 422 in 2026",
}
"""Differences that are meant, by pattern, and why."""


def recorded() -> list[tuple[str, Any]]:
    """The exchanges of the areas."""
    return [(name, one) for name, one in exchanges(FOLDER) if one["path"].strip("/").split("/")[0] in AREAS]


def listed(difference: str) -> str | None:
    return next((pattern for pattern in LISTED if re.fullmatch(pattern, difference)), None)


def test_the_recordings_are_there() -> None:
    if not FOLDER.exists():
        pytest.skip("no recordings here: set AC_RECORDINGS")
    assert recorded()


@pytest.mark.parametrize("exchange", [pytest.param(one, id=name) for name, one in recorded()])
async def test_like_the_real_one(exchange: Any) -> None:
    found, _ = await compare(exchange)
    assert [difference for difference in found if listed(difference) is None] == []


async def test_little_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    every = recorded()
    if not every:
        pytest.skip("no recordings here: set AC_RECORDINGS")
    compared = 0
    met: Counter[str] = Counter()
    for _, exchange in every:
        found, looked_at = await compare(exchange)
        compared += looked_at
        met.update(pattern for difference in found if (pattern := listed(difference)))
    left = sum(1 for _ in exchanges(FOLDER)) - len(every)
    with capsys.disabled():
        print(f"\n{len(every)} exchanges, {left} of areas not built; {compared} keys, {met.total()} listed:")
        print("\n".join(f"{times:5} {LISTED[pattern]}" for pattern, times in met.most_common()))
    assert met.total() <= SHARE * compared
