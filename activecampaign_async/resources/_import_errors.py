"""What an error says of the rows of an import."""

from __future__ import annotations

import re

from ..errors import ActiveCampaignError, APIError, DecodeError, ServerError, TransportError


def refused_rows(error: APIError, most: int) -> dict[int, str]:
    """Place -> reason, of what a refusal names; nothing where it names none, or something that was not sent."""
    named = {}
    for entry in error.errors:
        found = re.fullmatch(r"/contacts/(\d+)", entry.pointer)
        if found is None or int(found[1]) >= most:
            return {}
        named[int(found[1])] = entry.title or error.message
    return named


def said(error: APIError) -> str:
    """Why, for the report."""
    told = dict.fromkeys(entry.title or entry.detail for entry in error.errors)
    return "; ".join(filter(None, told)) or error.message


def is_doubtful(error: ActiveCampaignError) -> bool:
    """Whether what was sent may have been done."""
    if isinstance(error, TransportError):
        return error.may_have_been_processed
    return isinstance(error, DecodeError) or (isinstance(error, ServerError) and not error.marked)
