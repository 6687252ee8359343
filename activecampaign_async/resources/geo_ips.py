"""Where contacts were seen. https://developers.activecampaign.com/reference/get-contact-geo-ips"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class GeoIp(Row):
    """An IP address of a contact, and the place it stands for."""

    KEY, KEYS = "geoIp", "geoIps"

    contact: int | None = None
    campaign_id: Annotated[int | None, Wire("campaignid")] = None
    message_id: Annotated[int | None, Wire("messageid")] = None
    geo_address: int | None = None
    geo_address_id: Annotated[int | None, Wire("geoaddrid")] = None
    """The same, under its older name."""
    ip4: str | None = None
    """The address as one number, in decimal digits."""
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
