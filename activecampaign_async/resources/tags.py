"""Tags: labels on contacts and templates. https://developers.activecampaign.com/reference/tags"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, TypedDict, Unpack

from attrs import frozen

from .._given import given_ones
from .._model import UNSET, Row, Unset, Wire
from .._paging import Pager
from ._inputs import not_blank
from ._resource import NameOrder, Resource, name_order, only, same


class TagType(Enum):
    """What a tag can be attached to."""

    CONTACT = "contact"
    TEMPLATE = "template"


@frozen(kw_only=True, repr=False)
class Tag(Row):
    """A label."""

    KEY, KEYS = "tag", "tags"

    tag: str | None = None
    """The name, as shown in the product."""
    tag_type: TagType | str | None = None
    description: str | None = None
    subscriber_count: Annotated[int | None, Wire("subscriber_count")] = None
    """Contacts that have it."""
    deleted: bool | None = None
    created_at: Annotated[datetime | None, Wire("cdate")] = None
    created_timestamp: Annotated[datetime | None, Wire("created_timestamp")] = None
    updated_timestamp: Annotated[datetime | None, Wire("updated_timestamp")] = None
    created_by: Annotated[int | None, Wire("created_by")] = None
    updated_by: Annotated[int | None, Wire("updated_by")] = None


class TagFields(TypedDict, total=False):
    """What can be written besides the name."""

    tag_type: TagType | str
    description: str | None


class _Written(TagFields, total=False):
    tag: Annotated[str, Wire("tag", not_blank)]


class TagFilters(TypedDict, total=False):
    """Filters for tags. All compare the name, without regard to case."""

    search: str
    """Contains it."""
    name_eq: Annotated[str, Wire("filters[search][eq]")]
    name_neq: Annotated[str, Wire("filters[search][neq]")]
    name_lt: Annotated[str, Wire("filters[search][lt]")]
    name_lte: Annotated[str, Wire("filters[search][lte]")]
    name_gt: Annotated[str, Wire("filters[search][gt]")]
    name_gte: Annotated[str, Wire("filters[search][gte]")]
    name_contains: Annotated[str, Wire("filters[search][contains]")]
    name_starts_with: Annotated[str, Wire("filters[search][starts_with]")]


class Tags(Resource[Tag]):
    """``ac.tags``"""

    _path, _model, _written, _filters = "/tags", Tag, _Written, TagFilters

    def list(
        self,
        *,
        order_by: NameOrder | Unset = UNSET,
        limit: int | None = None,
        timeout: float | None = None,
        **filters: Unpack[TagFilters],
    ) -> Pager[Tag]:
        """Tags: ``GET /tags``. `limit` is the page size (1 to 100).

        `order_by` is "name", "-name", or "weight", for a search: equal names first, then those that start with the
        text. https://developers.activecampaign.com/reference/retrieve-all-tags
        """
        orders = {} if order_by is UNSET else {"orders[search]": name_order(order_by)}
        return self._list(filters, orders=orders, limit=limit, timeout=timeout)

    async def get(self, id: int | str, *, timeout: float | None = None) -> Tag:
        """Read one: ``GET /tags/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/retrieve-a-tag
        """
        return await self._get(id, timeout)

    async def create(self, *, tag: str, timeout: float | None = None, **fields: Unpack[TagFields]) -> Tag:
        """Create a tag: ``POST /tags``. For contacts, unless `tag_type` says otherwise.

        If the name already exists, accounts differ: the existing tag comes back, or DuplicateError.
        https://developers.activecampaign.com/reference/create-a-new-tag
        """
        # Without a type the API makes a tag that no list shows.
        given = {"tag_type": TagType.CONTACT, **given_ones(fields)}
        return await self._create({"tag": tag}, given, timeout)

    async def update(
        self,
        id: int | str,
        *,
        tag: str | Unset = UNSET,
        timeout: float | None = None,
        **fields: Unpack[TagFields],
    ) -> Tag:
        """Change only what is given: ``PUT /tags/{id}``.

        https://developers.activecampaign.com/reference/update-a-tag
        """
        return await self._update(id, {"tag": tag, **fields}, timeout)

    async def delete(self, id: int | str, *, timeout: float | None = None) -> None:
        """Delete one: ``DELETE /tags/{id}``. NotFoundError if there is none.

        https://developers.activecampaign.com/reference/delete-a-tag
        """
        await self._delete(id, timeout)

    async def find(self, name: str, *, timeout: float | None = None) -> Tag | None:
        """The tag with that name, or None, ignoring case and surrounding blanks: ``GET /tags?search=…``, all
        pages. LookupError if several match, as a contact's and a template's tag of the same name do.

        https://developers.activecampaign.com/reference/retrieve-all-tags
        """
        wanted = not_blank(name, "name").strip()
        return await only(self.list(search=wanted), lambda tag: same(tag.tag, wanted), "tags have that name", timeout)
