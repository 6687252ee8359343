"""What is known about a contact besides its own row: at most one of each kind for a contact."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from attrs import frozen

from .._model import Row, Wire


@frozen(kw_only=True, repr=False)
class ContactData(Row):
    """Where a contact was seen, and how it came. https://developers.activecampaign.com/reference/retrieve-contact-data"""

    KEY, KEYS = "contactDatum", "contactData"

    contact: int | None = None
    geo_ip4: str | None = None
    """The address as one number, in decimal digits."""
    geo_country2: str | None = None
    """ISO 3166, two letters."""
    geo_country: Annotated[str | None, Wire("geo_country")] = None
    geo_state: str | None = None
    geo_city: str | None = None
    geo_zip: str | None = None
    geo_area: str | None = None
    geo_lat: Decimal | None = None
    """Degrees."""
    geo_lon: Decimal | None = None
    """Degrees."""
    geo_tz: str | None = None
    geo_tz_offset: Decimal | None = None
    """Hours."""
    geo_updated_at: Annotated[datetime | None, Wire("geoTstamp")] = None
    ga_campaign_source: Annotated[str | None, Wire("ga_campaign_source")] = None
    ga_campaign_name: Annotated[str | None, Wire("ga_campaign_name")] = None
    ga_campaign_medium: Annotated[str | None, Wire("ga_campaign_medium")] = None
    ga_campaign_term: Annotated[str | None, Wire("ga_campaign_term")] = None
    ga_campaign_content: Annotated[str | None, Wire("ga_campaign_content")] = None
    ga_campaign_custom_segment: Annotated[str | None, Wire("ga_campaign_customsegment")] = None
    ga_first_visit: Annotated[datetime | None, Wire("ga_first_visit")] = None
    ga_times_visited: Annotated[int | None, Wire("ga_times_visited")] = None
    fb_id: Annotated[int | None, Wire("fb_id")] = None
    fb_name: Annotated[str | None, Wire("fb_name")] = None
    tw_id: Annotated[int | None, Wire("tw_id")] = None
    created_at: Annotated[datetime | None, Wire("tstamp")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


@frozen(kw_only=True, repr=False)
class Organization(Row):
    """A contact's organization: what accounts were before.

    https://developers.activecampaign.com/reference/retrieve-contact-organization
    """

    KEY, KEYS = "organization", "organizations"

    name: str | None = None
    owner: int | None = None
    """User id."""
    user_id: Annotated[int | None, Wire("userid")] = None
    created_at: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_at: Annotated[datetime | None, Wire("updated_timestamp")] = None


@frozen(kw_only=True, repr=False)
class PlusAppend(Row):
    """What other services know about a contact.

    https://developers.activecampaign.com/reference/retrieve-contact-plus-append
    """

    KEY, KEYS = "plusAppend", "plusAppends"

    contact: int | None = None
    image_url: str | None = None
    memberships_facebook: str | None = None
    memberships_twitter: str | None = None
    memberships_linkedin: str | None = None
    last_updated_rapleaf: Annotated[datetime | None, Wire("last_updated_rapleaf")] = None
    last_updated_fliptop: Annotated[datetime | None, Wire("last_updated_fliptop")] = None
    last_updated_fullcontact: Annotated[datetime | None, Wire("last_updated_fullcontact")] = None
