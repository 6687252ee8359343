"""What `import activecampaign_async` costs beside `import httpx`: CPU in fresh processes, in turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks._figures import Figure, at_most

HTTPX = "import httpx"
CLIENT = "import activecampaign_async; activecampaign_async.AsyncClient"
CONTACTS = f"{CLIENT}; import activecampaign_async.resources.contacts"
TIMED = "import time; begun = time.process_time(); {}; print(time.process_time() - begun)"


def main(small: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as bytecode:  # of both sides, wherever this machine keeps or forgets its own
        for statement in (HTTPX, CONTACTS):
            seconds(statement, bytecode)
        statements = (HTTPX, CLIENT, CONTACTS)
        runs = [[seconds(each, bytecode) for each in statements] for _ in range(9 if small else 41)]
    for what, which, bound in (("the client", 1, at_most(1.10)), ("the client and its contacts", 2, None)):
        yield Figure(
            what=f"import of {what}",
            ours=f"{median(run[which] for run in runs) * 1000:.0f} ms",
            peer=f"import httpx {median(run[0] for run in runs) * 1000:.0f} ms",
            value=median(run[which] / run[0] for run in runs),
            bound=bound,
        )


def seconds(statement: str, bytecode: str) -> float:
    command = [sys.executable, "-c", TIMED.format(statement)]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    return float(done.stdout)
