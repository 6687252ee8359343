"""A row of any kind, named by kind and id: what notes and activities are about."""

from __future__ import annotations

from attrs import frozen

from .._model import Model


@frozen(kw_only=True, repr=False)
class Reference(Model):
    """Points to a row of any kind."""

    type: str | None = None
    """The kind, as ActiveCampaign names it: "contact", "deal", "contact-email", ..."""
    id: int | None = None
