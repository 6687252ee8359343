"""`python -m activecampaign_async.sandbox`: serves an account until it is told to stop."""

import argparse
import signal
import sys

import anyio

from ._sandbox import Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Serves; the process's exit code."""
    asked = _parser().parse_args(arguments)
    try:
        sandbox = Sandbox(
            contacts=asked.contacts,
            rate=asked.rate or None,
            limiter=asked.limiter,
            latency=asked.latency,
            jitter=asked.jitter,
            holes=asked.holes,
            keep=0,  # nobody looks, and it may run for days
        )
        _furnish(sandbox, asked)
        anyio.run(_serve, sandbox, asked.port)
    except KeyboardInterrupt:  # before the signals have a receiver
        return 0
    except (ValueError, OSError, ImportError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


def _furnish(sandbox: Sandbox, asked: argparse.Namespace) -> None:
    """What there is beside contacts."""
    if asked.automations < 0:
        raise ValueError(f"automations is a number of them, 0 or more: got {asked.automations!r}")
    sandbox.add_examples()
    for number in range(1, asked.automations + 1):
        sandbox.add_automation(f"Automation {number}")


async def _serve(sandbox: Sandbox, port: int) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with sandbox.serve(port=port) as server:
            print(f"export AC_API_URL={server.url}")
            print(f"export AC_API_TOKEN={sandbox.key}")
            print(f"export SSL_CERT_FILE={server.ca_file}", flush=True)
            async for _ in signals:
                return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m activecampaign_async.sandbox",
        description="A local ActiveCampaign over HTTPS. Prints what to export, ends on Ctrl-C.",
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one (default)")
    parser.add_argument("--contacts", type=int, default=0, metavar="N", help="how many there are")
    parser.add_argument(
        "--automations", type=int, default=1, metavar="N", help="to enter contacts into: ids 1 to N (default 1)"
    )
    parser.add_argument("--rate", type=float, default=5, help="requests a second (default 5; 0: no limit)")
    parser.add_argument("--limiter", choices=("sliding", "fixed", "bucket"), default="sliding")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="there and back")
    parser.add_argument("--jitter", type=float, default=0, metavar="MS", help="up to so much more on the way out")
    parser.add_argument("--holes", type=float, default=0, metavar="SHARE", help="share of ids that nobody has")
    return parser


if __name__ == "__main__":
    sys.exit(main())
