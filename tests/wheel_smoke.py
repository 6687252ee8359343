"""Run by `nox -s wheel` where the wheel and its base dependencies are installed, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata, resources, util

NAME = "activecampaign_async"
EXTRAS = ("uvicorn", "trustme", "cyclopts", "rich", "orjson")


def main() -> None:
    for extra in EXTRAS:
        if util.find_spec(extra) is not None:
            raise SystemExit(f"{extra} is installed: this is no base install")
    package = __import__(NAME)
    if metadata.version(NAME) != package.__version__:
        raise SystemExit(f"{metadata.version(NAME)} is installed, {package.__version__} imported")
    for name in package.__all__:
        getattr(package, name)
    if not resources.files(NAME).joinpath("py.typed").is_file():
        raise SystemExit("py.typed is missing")
    script = shutil.which("activecampaign", path=sysconfig.get_path("scripts"))
    if script is None:
        raise SystemExit("the activecampaign command is missing")
    names_extra([script, "whoami"], "cli")
    names_extra([sys.executable, "-m", f"{NAME}.sandbox"], "sandbox")
    print(f"{NAME} {package.__version__}: the wheel works alone")


def names_extra(command: list[str], extra: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    told = done.stderr.strip()
    if done.returncode == 0 or f"{NAME}[{extra}]" not in told or "Traceback" in told:
        raise SystemExit(f"{command} exits with {done.returncode} and does not name the extra: {told}")


main()
