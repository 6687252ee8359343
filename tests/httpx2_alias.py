"""`pytest -p tests.httpx2_alias`: from here on `import httpx` means httpx2.

As a `-p` plugin, since a conftest is too late: respx's plugin has imported httpx by then.
"""

from __future__ import annotations

import os

import httpx2

httpx2.alias_httpx()
os.environ["EXPECTED_HTTPX"] = "httpx2"  # tests/test_package.py holds the run to it
