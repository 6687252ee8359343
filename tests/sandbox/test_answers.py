"""What holds for every answer: keys, headers, unknown paths, the record of what was asked."""

import pytest

from activecampaign_async.sandbox import Sandbox

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


@covers("key.refused", "key.uncounted")
@pytest.mark.parametrize("denied", [403, 401])
async def test_keys(denied: int) -> None:
    sandbox = Sandbox(rate=1, denied=denied)
    async with asking(sandbox) as client:
        wrong = [await client.get("/users/me", headers={"Api-Token": "wrong"}) for _ in range(3)]
        del client.headers["Api-Token"]
        none = await client.get("/users/me")
        right = await client.get("/users/me", headers={"Api-Token": sandbox.key})
    assert [answer.status_code for answer in [*wrong, none]] == [denied] * 4
    assert "message" in none.json()
    assert right.status_code == 200
    assert [asked.key for asked in sandbox.requests] == ["wrong"] * 3 + [None, sandbox.key]
    assert [asked.processed for asked in sandbox.requests] == [False] * 4 + [True]
    assert sandbox.key not in repr(sandbox.requests)
    assert sandbox.key not in repr(sandbox)


@covers("address.outside", "address.unknown")
async def test_paths() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        assert (await client.get(f"{sandbox.url}/")).status_code == 301
        for method, path in (
            ("GET", "/nonsense"),
            ("GET", "/contacts//fieldValues"),
            ("PATCH", "/contacts/1"),
            ("DELETE", "/contacts/"),
            ("GET", "/contacts/1/nonsense"),
            ("GET", "/users/nobody"),
        ):
            answer = await client.request(method, path)
            assert (answer.status_code, set(answer.json())) == (404, {"message"}), path


@covers("answer.headers")
async def test_headers() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        first, second = await client.get("/tags"), await client.get("/tags")
        missing = await client.get("/tags/1")
    for answer in (first, second, missing):
        cookies = answer.headers.get_list("set-cookie")
        assert [cookie.split("=")[0] for cookie in cookies] == ["PHPSESSID", "em_acp_globalauth_cookie"]
        assert {"x-request-id", "cf-ray", "x-envoy-upstream-service-time", "date"} <= set(answer.headers)
        assert int(answer.headers["content-length"]) == len(answer.content)
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_what_was_asked() -> None:
    sandbox = Sandbox(rate=None)
    async with asking(sandbox) as client:
        await client.post("/tags?a=1&a=2", json={"tag": {"tag": "A"}})
        await client.post("/tags", content=b"no json")
    first, second = sandbox.requests
    assert (first.method, first.path, first.status, first.processed) == ("POST", "/tags", 201, True)
    assert (first.query, first.params) == ([("a", "1"), ("a", "2")], {"a": "2"})
    assert first.body == {"tag": {"tag": "A"}}
    assert second.body == "no json"
    assert first.headers["content-type"] == "application/json"
    assert "api-token" not in first.headers
    assert first.origin == sandbox.url


async def test_each_sandbox_is_another_account() -> None:
    first, second = Sandbox(), Sandbox()
    assert first.url != second.url
    assert first.key != second.key
    async with asking(first) as client:
        answer = await client.get("/users/me", headers={"Api-Token": second.key})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"contacts": -1},
        {"holes": 1},
        {"holes": -0.1},
        {"latency": -1},
        {"jitter": -1},
        {"rate": 0},
        {"limiter": "leaky"},
    ],
)
def test_wrong_settings(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sandbox(**wrong)  # type: ignore[arg-type] # wrong on purpose


async def test_only_the_latest_requests_are_kept() -> None:
    sandbox = Sandbox(rate=None, keep=2)
    async with asking(sandbox) as client:
        ids = [(await client.get(f"/tags?n={n}")).headers["x-request-id"] for n in range(5)]
    assert [asked.params["n"] for asked in sandbox.requests] == ["3", "4"]
    assert len(set(ids)) == 5
    sandbox.keep = 0
    async with asking(sandbox) as client:
        await client.get("/tags")
    assert sandbox.requests == []
