"""`python -m benchmarks [--small] [--write] [NAME ...]`: every figure beside its peer or limit, in one table."""

from __future__ import annotations

import argparse
import platform
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks._figures import HEADER, Figure, line, markdown

NAMES = (
    "call",
    "importing",
    "memory",
    "loop",
    "share",
    "beside",
    "bulk_reads",
    "bulk_import",
    "redis_share",
    "storm",
    "models",
)
README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main(arguments: list[str] | None = None) -> int:
    """1 where a bound is missed; in the small form only if a busy machine cannot be to blame."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all if left out")
    parser.add_argument("--small", action="store_true", help="a form of some minutes")
    parser.add_argument("--write", action="store_true", help="put the figures into benchmarks/README.md")
    asked = parser.parse_args(arguments)
    names: list[str] = asked.names or list(NAMES)
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"no benchmark {', '.join(unknown)}: there are {', '.join(NAMES)}")
    if asked.write and asked.small:
        parser.error("--write takes the figures of a whole run, not of a small one")
    begun = time.monotonic()
    print(line(HEADER))
    figures = [figure for name in names for figure in figures_of(name, asked.small)]
    missed = [figure for figure in figures if not figure.ok and (figure.steady or not asked.small)]
    print(f"\n{time.monotonic() - begun:.0f} s, {len(missed)} of {len(figures)} over their bounds")
    if asked.write:
        write(figures)
    return 1 if missed else 0


def figures_of(name: str, small: bool) -> list[Figure]:
    figures = []
    for figure in import_module(f"benchmarks.{name}").main(small):
        print(line(figure.cells), flush=True)
        figures.append(figure)
    return figures


def write(figures: list[Figure]) -> None:
    """Between the two marks, and nowhere else. What was not measured now stays as it was."""
    said = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {time.strftime('%Y-%m-%d')}"
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    table_before, _, after = rest.partition(END)
    old = [row for row in table_before.splitlines() if row.startswith("| ")][2:]
    rows = {cells[0]: cells for cells in (tuple(cell.strip() for cell in row.split("|")[1:-1]) for row in old)}
    table = markdown(list((rows | {figure.what: figure.cells for figure in figures}).values()))
    README.write_text(f"{before}{BEGIN}\n\n{said}\n\n{table}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
