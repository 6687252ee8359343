"""Every contact, eight requests side by side, and how many were made on each day.

AC_API_URL=… AC_API_TOKEN=… python examples/bulk_fetch.py
"""

from __future__ import annotations

from collections import Counter

import anyio

from activecampaign_async import AsyncClient


async def main() -> None:
    days = Counter[str]()
    async with AsyncClient(read_only=True) as ac, ac.contacts.list().ahead(8, ordered=False) as contacts:
        async for contact in contacts:
            days[f"{contact.created_at:%Y-%m-%d}" if contact.created_at else "unknown"] += 1
    for day, count in sorted(days.items())[-10:]:
        print(f"{day} {count:7,}")
    print(f"{'all':>10} {sum(days.values()):7,}")


if __name__ == "__main__":
    anyio.run(main)
