"""Where contacts were seen. https://developers.activecampaign.com/reference/retrieve-contact-geo-ips"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class GeoIp(Row):
    """An IP address of a contact, and its place."""

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


@frozen(kw_only=True, repr=False)
class GeoAddress(Row):
    """A place. https://developers.activecampaign.com/reference/retrieve-a-contacts-geo-ip-address"""

    KEY, KEYS = "geoAddress", "geoAddresses"

    ip4: str | None = None
    """The address as one number, in decimal digits."""
    country: str | None = None
    country2: str | None = None
    """ISO 3166, two letters."""
    state: str | None = None
    city: str | None = None
    zip: str | None = None
    area: str | None = None
    lat: Decimal | None = None
    """Degrees."""
    lon: Decimal | None = None
    """Degrees."""
    tz: str | None = None
    """Time zone, e.g. ``Europe/Berlin``."""
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
