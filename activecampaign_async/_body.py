"""The body of an answer, within bounds: what a server can make this process read and unpack."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Iterator

import anyio.lowlevel

from ._digits import whole

LARGEST = 32 * 2**20  # bytes, as read and as unpacked; a page of 100 contacts has 200 kB
RATIO, HARMLESS = 200, 2**20  # unpacked to packed: JSON of one page packs 20:1; up to a size that does no harm
STEP = 2**18  # bytes unpacked at a time: larger ones would hold the event loop
PIECES, ROUND = 20_000, 256  # chunks or steps: each costs time, and may hold nothing; and how many between two rests


class TooLarge(Exception):
    """More than this client reads."""


async def read(chunks: AsyncIterable[bytes], encoding: str, length: str = "") -> bytes:
    """A body, unpacked. TooLarge as soon as that is known, ValueError, EOFError or zlib.error where it is broken."""
    # Unpacked here and not by HTTPX: 64 kB of gzip are 62 MB within one of its chunks, and its decoder leaves its
    # generators hanging when the data is bad (trio warns).
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise ValueError(f"an encoding that was not asked for: {encoding}")
    _within(whole(length) or 0, "announced")
    packed = encoding in ("gzip", "x-gzip")
    gunzip, parts, taken, made, pieces = _Gunzip(), list[bytes](), 0, 0, 0
    async for chunk in chunks:
        taken += len(chunk)
        _within(taken, "read")  # packed bytes may unpack to nothing
        for part in gunzip.unpacked(chunk) if packed else (chunk,):
            made, pieces = made + len(part), pieces + 1
            _within(made, "unpacked")
            if packed and made > max(HARMLESS, RATIO * taken):
                raise TooLarge(f"an answer packed {made // taken}:1")
            if pieces > PIECES:
                raise TooLarge(f"an answer in more than {PIECES} pieces")
            if part:
                parts.append(part)
            if len(part) == STEP or pieces % ROUND == 0:
                await anyio.lowlevel.checkpoint()
    if gunzip.is_within:
        raise EOFError("half a gzip stream")
    return b"".join(parts)


def _within(size: int, how: str) -> None:
    if size > LARGEST:
        raise TooLarge(f"an answer of more than {LARGEST // 2**20} MB ({how} so far: {size} bytes)")


class _Gunzip:
    """Unpacks one gzip stream, or several in a row."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)
        self.is_within = False
        """Whether the end of a stream is still to come."""

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        while data:
            self.is_within = True
            yield self._stream.decompress(data, STEP)
            if self._stream.eof:
                data, self._stream, self.is_within = self._stream.unused_data, zlib.decompressobj(31), False
            else:
                data = self._stream.unconsumed_tail
