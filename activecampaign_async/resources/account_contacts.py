"""Which contacts belong to which accounts. https://developers.activecampaign.com/reference/account-contacts"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class AccountContact(Row):
    """A contact's place in an account."""

    KEY, KEYS = "accountContact", "accountContacts"

    account: int | None = None
    contact: int | None = None
    job_title: str | None = None
    created_at: Annotated[datetime | None, Wire("createdTimestamp")] = None
    updated_at: Annotated[datetime | None, Wire("updatedTimestamp")] = None
