"""A FastAPI service: contacts upserted within a deadline, contacts streamed as NDJSON, errors as HTTP answers.

AC_API_URL=… AC_API_TOKEN=… WEB_CONCURRENCY=2 uvicorn examples.fastapi_service:app --timeout-graceful-shutdown 10
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypedDict

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from activecampaign_async import (
    ActiveCampaignError,
    APIError,
    AsyncClient,
    ConnectFailedError,
    DeadlineError,
    DecodeError,
    DuplicateError,
    KeyProviderError,
    LocalLimiter,
    NotFoundError,
    OutcomeUnknownError,
    Page,
    PaginationError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)
from activecampaign_async.resources.contacts import Contact

WORKERS = int(os.environ.get("WEB_CONCURRENCY", "1"))  # uvicorn takes its number of workers from there, too
UPSERT_SECONDS = float(os.environ.get("UPSERT_SECONDS", "5"))
PAGE_SECONDS = 30.0

log = logging.getLogger(__name__)


# -- the client: one for the life of each worker -----------------------------------------------------------------------


class State(TypedDict):
    ac: AsyncClient


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[State]:
    async with AsyncClient(rate_limiter=LocalLimiter(share=1 / WORKERS)) as ac:
        yield {"ac": ac}


async def client(request: Request) -> AsyncClient:  # `async`: a plain function would cost a thread each time
    ac: AsyncClient = request.state.ac
    return ac


Client = Annotated[AsyncClient, Depends(client)]
app = FastAPI(lifespan=lifespan)


# -- endpoints ---------------------------------------------------------------------------------------------------------


class Person(BaseModel, extra="forbid"):
    """In the body, not in the path: access logs hold paths, and are no place for an address."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None


@app.put("/contacts")
async def upsert(person: Person, ac: Client) -> dict[str, Any]:
    given = person.model_dump(exclude_unset=True)  # left out is kept, "" clears
    contact = await ac.contacts.sync(**given, timeout=UPSERT_SECONDS)
    return {"id": contact.id, "email": contact.email}


@app.get("/contacts.ndjson")
async def stream(ac: Client, after: Annotated[int, Query(ge=0)] = 0) -> StreamingResponse:
    """Every contact, by id. A stream that breaks off goes on with the last id that came: `?after=42`."""
    pages = ac.contacts.list(id_greater=after, timeout=PAGE_SECONDS).pages()
    first = await anext(pages)  # before the status line leaves: what fails here still has an answer of its own
    return StreamingResponse(ndjson(first, pages), media_type="application/x-ndjson")


async def ndjson(page: Page[Contact], pages: AsyncIterator[Page[Contact]]) -> AsyncIterator[bytes]:
    # Page by page, not `ahead(8)`. Its lanes are a task group, which must not live across a `yield`: nobody closes a
    # generator whose reader is gone. And they would stand in the queue of the rate limit eight at a time, before every
    # upsert with its deadline; a plain list stands there once.
    yield lines(page)
    async for page in pages:
        yield lines(page)


def lines(page: Page[Contact]) -> bytes:
    return b"".join(json.dumps(contact.to_dict()).encode() + b"\n" for contact in page.items)


# -- errors ------------------------------------------------------------------------------------------------------------

ANSWERS: tuple[tuple[type[ActiveCampaignError], int, str], ...] = (  # the first that fits
    (RateLimitError, 429, "too much to do: try again later"),
    (NotFoundError, 404, "there is none"),
    (DuplicateError, 409, "it exists already"),
    (ValidationError, 422, "the values were refused"),
    (DeadlineError, 504, "no answer in time"),
    (OutcomeUnknownError, 502, "it may or may not have happened: look before you repeat it"),
    (ConnectFailedError, 503, "no connection: try again later"),
    (KeyProviderError, 503, "no key right now: try again later"),
    (TransportError, 502, "no usable answer"),
    (ServerError, 502, "ActiveCampaign failed"),
    (DecodeError, 502, "an answer that cannot be read"),
    (PaginationError, 502, "a list that cannot be gone through"),
    # Key, permission, payment, redirect, settings: ours to mend. A 401 would tell the caller to look for its own key.
    (ActiveCampaignError, 500, "this service cannot use its account"),
)


def answer_to(error: ActiveCampaignError) -> tuple[int, str]:
    if isinstance(error, KeyProviderError) and not error.transient:
        return ANSWERS[-1][1:]  # no later try will find it
    return next((status, title) for kind, status, title in ANSWERS if isinstance(error, kind))


@app.exception_handler(ActiveCampaignError)
async def refused(_: Request, error: ActiveCampaignError) -> JSONResponse:
    """What the caller needs to know. ActiveCampaign's own words stay in our log, where addresses are masked."""
    status, title = answer_to(error)
    problem: dict[str, Any] = {"status": status, "title": title}
    headers: dict[str, str] = {}
    if isinstance(error, RateLimitError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after or 0)))
    if isinstance(error, ValidationError):
        problem["pointers"] = error.pointers
    if isinstance(error, TransportError):
        problem["may_have_been_processed"] = error.may_have_been_processed
    if isinstance(error, APIError):
        problem["request_id"] = error.request_id
    if status >= 500:
        log.log(logging.ERROR if status == 500 else logging.WARNING, "%d: %r", status, error)
    return JSONResponse(problem, status, headers, media_type="application/problem+json")
