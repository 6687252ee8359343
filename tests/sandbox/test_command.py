"""`python -m activecampaign_async.sandbox`, in a process of its own."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox.__main__ import _furnish, _parser, main

COMMAND = [sys.executable, "-m", "activecampaign_async.sandbox"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_told_to_stop(number: signal.Signals) -> None:
    asked = ["--contacts", "1000000", "--holes", "0.5", "--limiter", "bucket", "--rate", "1", "--latency", "2"]
    with subprocess.Popen([*COMMAND, *asked, "--jitter", "1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        told = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        assert list(told) == ["AC_API_URL", "AC_API_TOKEN", "SSL_CERT_FILE"]
        context = ssl.create_default_context(cafile=told["SSL_CERT_FILE"])
        headers = {"Api-Token": told["AC_API_TOKEN"]}
        request = urllib.request.Request(f"{told['AC_API_URL']}/api/3/contacts?limit=1", headers=headers)  # noqa: S310 - https, to ourselves
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - https, to ourselves
            page = json.load(answer)
        assert page["meta"]["total"] == "1000000"
        assert 1_999_000 < int(page["contacts"][0]["id"]) <= 2_000_000
        request = urllib.request.Request(f"{told['AC_API_URL']}/api/3/tags", headers=headers)  # noqa: S310 - https, to ourselves
        time.sleep(1)  # the rate
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - https, to ourselves
            assert [tag["tag"] for tag in json.load(answer)["tags"]] == ["customer", "newsletter", "trial"]
        process.send_signal(number)
        assert process.stdout.read() == ""
        assert process.wait(10) == 0
    assert not Path(told["SSL_CERT_FILE"]).exists()


def test_automations_that_contacts_can_enter() -> None:
    asked = ["--contacts", "3", "--automations", "2", "--rate", "0"]
    with subprocess.Popen([*COMMAND, *asked], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        told = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        context = ssl.create_default_context(cafile=told["SSL_CERT_FILE"])
        headers = {"Api-Token": told["AC_API_TOKEN"]}
        url = f"{told['AC_API_URL']}/api/3/contactAutomations"
        statuses = []
        for automation in (1, 2, 3):
            body = json.dumps({"contactAutomation": {"contact": 3, "automation": automation}}).encode()
            request = urllib.request.Request(url, body, headers)  # noqa: S310 - https, to ourselves
            try:
                with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - https, to ourselves
                    statuses.append(answer.status)
            except urllib.error.HTTPError as error:
                with error:
                    statuses.append(error.code)
        assert statuses == [201, 201, 403], "there are two"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize(("asked", "there"), [([], ["Automation 1"]), (["--automations", "0"], [])])
def test_automations_unless_told_otherwise(asked: list[str], there: list[str]) -> None:
    sandbox = Sandbox()
    _furnish(sandbox, _parser().parse_args(asked))
    assert [row["name"] for row in sandbox.rows("automations")] == there


def test_wrong_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--holes", "2"]) == 1
    assert "holes" in capsys.readouterr().err
    assert main(["--automations", "-1"]) == 1
    assert "automations" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["--limiter", "none"])


def test_without_the_extra() -> None:
    """The extra's name is told, and the sandbox in process does without it."""
    program = """
import sys
sys.modules["uvicorn"] = sys.modules["trustme"] = None
from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox.__main__ import main
Sandbox().transport()
sys.exit(main([]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("pip install 'activecampaign_async[sandbox]'")
    assert done.stderr.count("\n") == 1


def test_importing_it_loads_nothing_of_the_client() -> None:
    program = """
import sys
import activecampaign_async.sandbox
print(*sorted(name for name in sys.modules if name.startswith("activecampaign_async.")
              and ".sandbox" not in name))
print(*[name for name in ("httpx", "attrs", "uvicorn", "trustme") if name in sys.modules])
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.splitlines() == ["activecampaign_async._version", ""]
