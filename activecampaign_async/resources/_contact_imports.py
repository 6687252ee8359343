"""Contacts by the thousand."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._call import Send
from .._kept import Kept
from ._import_pace import MinuteLimiter
from ._verbs import Verbs
from .imports import MOST, ImportPace, ImportReport, ImportRow, Outcomes, RowOutcome

if TYPE_CHECKING:
    from ..jobs.store import Store
    from ._saved import AsyncStore

LARGEST = 400_000  # bytes of a request


def _is_idle(pace: ImportPace) -> bool:
    return all(isinstance(one, MinuteLimiter) and one.idle for one in (pace.many, pace.single))


paces: Kept[ImportPace] = Kept(lambda _: ImportPace(), _is_idle)
"""Of each account: what an import sent in the last minute counts, also once it is over."""


class ContactImports(Verbs):
    """A part of `Contacts`."""

    _send: Send

    async def import_many(
        self,
        rows: Iterable[ImportRow | Mapping[str, Any] | ValueError]
        | AsyncIterable[ImportRow | Mapping[str, Any] | ValueError],
        *,
        run_automations: bool,
        create_tags: bool = False,
        outcomes: Outcomes | Callable[[RowOutcome], object] | None = None,
        progress: Callable[[ImportReport], object] | None = None,
        checkpoint: Store | AsyncStore | None = None,
        resend_unknown: bool = False,
        batch_size: int = MOST,
        batch_bytes: int = LARGEST,
        pace: ImportPace | None = None,
        look_for: float = 30.0,
        patience: float = 3600.0,
    ) -> ImportReport:
        """Make or change contacts by their addresses, 250 a request: ``POST /import/bulk_import``, at 100 requests a
        minute, and ``GET /import/info`` until each batch is through.

            rows = [{"email": "ann@example.org", "first_name": "Ann"}]
            report = await ac.contacts.import_many(rows, run_automations=True)
            print(report.imported, report.failed, report.problems)

        Every row is accounted for. What can be seen beforehand never leaves: no address, a key that contacts do not
        have, an address that came before, an unknown tag, field or list. ActiveCampaign takes all of a request or
        nothing; where it names rows, the rest goes again without them, and where it names none, the halves do, until
        it is found. Fewer than 10 rows go one by one by ``POST /contact/sync`` (tags and lists after it), which starts
        automations: with ``run_automations=False``, and for a row with an account's name, they stay small batches.

        `rows` may be endless; a few thousand are held at a time, and where it fails, all that came before is sent, and
        its error raised. An error of the API ends the run and has the `report` so far.

        Arguments:
            rows: mappings with the keys of `ImportRow`; a ValueError in place of one is told as why it failed.
            run_automations: whether the contacts start automations. ActiveCampaign's own default is yes.
            create_tags: make tags that the account does not have. Otherwise such a row fails.
            outcomes: told what became of each row; a `ReportFile`, or any function.
            progress: told the counts after each batch.
            checkpoint: where to keep how far it has come, e.g. a `StateFile`, and to go on from there: the same rows
                are given again, in the same order. ResumeError where they, the account or `run_automations` are others,
                also once it is finished: it says what it said before, of those rows alone.
            resend_unknown: send rows again that got no answer, and that are not found afterwards. Otherwise they are
                `unknown`, since automations would start twice where they did arrive.
            batch_size: contacts a request, 2 to 250, which is the default.
            batch_bytes: bytes a request, 400,000.
            pace: limits other than 100 requests a minute, of which those with one contact are 20.
            look_for: seconds for which rows that got no answer are looked for.
            patience: seconds without any batch being finished, after which those that are not are `unknown`.

        https://developers.activecampaign.com/reference/bulk-import-contacts
        """
        from ._import_books import Books  # many use contacts, few import them
        from ._import_outcomes import outlet
        from ._import_run import Asked, Run
        from ._saved import Saved

        for name, given in {"run_automations": run_automations, "create_tags": create_tags}.items():
            if not isinstance(given, bool):
                raise TypeError(f"{name}: True or False was expected, not {type(given).__name__}")
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or not 2 <= batch_size <= MOST:
            raise ValueError(f"batch_size: 2 to {MOST} contacts a request")
        if batch_bytes < 1000:
            raise ValueError("batch_bytes: at least 1000")
        asked = Asked(
            run_automations=run_automations,
            create_tags=create_tags,
            resend_unknown=resend_unknown,
            batch_size=batch_size,
            batch_bytes=batch_bytes,
            look_for=look_for,
            patience=patience,
            progress=progress,
            pace=pace or paces.of(self._send.home),
        )
        saved, query = None, {"run_automations": run_automations, "create_tags": create_tags}
        if checkpoint is not None:
            saved = Saved(checkpoint, kind="import", account=self._send.home, query=query)
        run = Run(self._send, rows, asked, lambda unsent: Books(saved, outlet(outcomes), unsent))
        return await run.all()
