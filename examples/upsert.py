"""Make or change contacts by e-mail address, many at a time, each within a deadline; tell which did not succeed.

AC_API_URL=… AC_API_TOKEN=… python examples/upsert.py
"""

from __future__ import annotations

import anyio

from activecampaign_async import ActiveCampaignError, AsyncClient

PEOPLE = {"ann@example.org": "Ann", "bob@example.org": "Bob", "no address": "Nobody"}


async def upsert(ac: AsyncClient, email: str, first_name: str, failed: dict[str, str]) -> None:
    try:
        await ac.contacts.sync(email=email, first_name=first_name, timeout=30)
    except ActiveCampaignError as error:
        failed[email] = str(error)


async def main() -> None:
    failed: dict[str, str] = {}
    async with AsyncClient() as ac, anyio.create_task_group() as tasks:
        for email, first_name in PEOPLE.items():
            tasks.start_soon(upsert, ac, email, first_name, failed)
    print(f"{len(PEOPLE) - len(failed)} of {len(PEOPLE)} are there")
    for email, why in failed.items():
        print(f"{email}: {why}")


if __name__ == "__main__":
    anyio.run(main)
