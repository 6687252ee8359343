"""Commands and their names. What a command needs of the client loads when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from .._version import __version__
from . import USAGE
from .export import export
from .importing import import_
from .whoami import whoami

app = App(
    name="activecampaign",
    help="ActiveCampaign. The account: AC_API_URL and AC_API_TOKEN (Settings > Developer).",
    version=__version__,
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,  # `main` ends quietly, too, and waits for no thread
)
contacts = App(name="contacts", help="People.")
app.command(contacts)
contacts.command(export)
contacts.command(import_, name="import")
app.command(whoami)


def run(argv: Sequence[str]) -> int:
    """The exit code of the command that `argv` names."""
    try:
        code = app(argv, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return USAGE
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Rich's own answer to `--help | head`
            raise end.__context__ from None
        raise
    if sys.stdout is not None:
        sys.stdout.flush()  # here a failure is told, at exit it no longer would be
    return code if isinstance(code, int) else 0
