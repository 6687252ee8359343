from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from activecampaign_async import AsyncClient, ConfigurationError, FileKey, Key, LocalLimiter, Observer, RetryPolicy
from activecampaign_async._settings import account_of, checked, key_from, origin_of


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://acme.api-us1.com", "https://acme.api-us1.com"),
        ("https://acme.api-us1.com/", "https://acme.api-us1.com"),
        ("https://acme.api-us1.com/api/3", "https://acme.api-us1.com"),
        ("https://acme.api-us1.com/api/3/", "https://acme.api-us1.com"),
        ("https://acme.activehosted.com/admin", "https://acme.activehosted.com"),
        ("https://acme.activehosted.com/admin/", "https://acme.activehosted.com"),
        ("HTTPS://ACME.API-US1.COM/API/3", "https://acme.api-us1.com"),
        ("  https://acme.api-us1.com\n", "https://acme.api-us1.com"),
        ("https://crm.example.org:8443/api/3", "https://crm.example.org:8443"),
        ("https://acme.api-us1.com:443", "https://acme.api-us1.com"),
        ("https://127.0.0.1:5000", "https://127.0.0.1:5000"),
        ("https://[::1]:5000/", "https://[::1]:5000"),
    ],
)
def test_a_base_url_as_the_account_shows_it(given: str, origin: str) -> None:
    assert origin_of(given) == origin


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("http://acme.api-us1.com", 'write "https://acme.api-us1.com"'),
        ("https://user:pw@acme.api-us1.com", 'write "https://acme.api-us1.com"'),
        ("https://acme.api-us1.com?x=1", "query or fragment"),
        ("https://acme.api-us1.com/api/3#top", "query or fragment"),
        ("https://acme.api-us1.com/api/3?", "query or fragment"),
        ("https://", "base_url: its host is missing"),
        ("https:///api/3", "base_url: its host is missing"),
        ("https://ąćme.example", "base_url: its host is missing or malformed"),
        ("https://acme.api-us1.com.", "base_url: its host is missing or malformed"),
        ("ftp://", "must start with https://"),
        ("https://localhost:4197/foo", 'write "https://localhost:4197"'),
        ("http://localhost:4197", 'write "https://localhost:4197"'),
        ("acme.api-us1.com/api/3", 'write "https://acme.api-us1.com"'),
        ("https://:443", "host is missing"),
        ("ftp://acme.api-us1.com", "must start with https://"),
        ("acme.api-us1.com", "must start with https://"),
        ("https://acme.api-us1.com/app/contacts", "must end with the host"),
        ("https://acme..com", "malformed"),
        ("https://acme api.com", "blanks"),
        ("https://ac\tme.api-us1.com", "control characters"),
        ("https://acme.api-us1.com\n/api/3", "control characters"),
        ("https://acme.api-us1.com\x7f", "control characters"),
        ("https://acme.api-us1.com:port", "no URL"),
        ("https://[::1", "no URL"),
        ("", "no base URL"),
    ],
)
def test_a_base_url_that_cannot_be_it(given: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says.replace("(", r"\(")):
        origin_of(given)


def test_a_base_url_that_is_no_text() -> None:
    with pytest.raises(ConfigurationError, match="not int"):
        origin_of(3)  # type: ignore[arg-type]  # what a caller without a type checker may do


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="AC_API_URL"):
        AsyncClient()
    monkeypatch.setenv("AC_API_URL", "https://acme.api-us1.com/api/3")
    with pytest.raises(ConfigurationError, match="AC_API_TOKEN"):
        AsyncClient()
    monkeypatch.setenv("AC_API_TOKEN", "a-key-of-the-environment")
    assert AsyncClient().base_url == "https://acme.api-us1.com"
    assert key_from(None).reveal() == "a-key-of-the-environment"


@pytest.mark.parametrize("bad", ["ke\ny-abc", "key abc", "kéy-abc", "key\x7fabc", "key-abc\n", "\tkey-abc"])
def test_a_key_that_cannot_be_one_is_not_shown(bad: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AsyncClient("https://acme.api-us1.com", bad)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_key_with_its_quotes(quote: str) -> None:
    with pytest.raises(ConfigurationError, match="quotes"):
        Key(f"{quote}abc{quote}")


@pytest.mark.parametrize("url", ["{}", "https://{}", "https://{}/api/3"])
def test_a_key_in_the_place_of_the_url_is_not_shown(url: str) -> None:
    key = "0123456789ABCDEF" * 4
    with pytest.raises(ConfigurationError, match="base_url: ") as caught:
        AsyncClient(url.format(key), "https://acme.api-us1.com")
    assert key.lower() not in repr(caught.value).lower()


def test_a_url_in_the_place_of_the_key() -> None:
    with pytest.raises(ConfigurationError, match="the key: it is a URL"):
        AsyncClient("https://acme.api-us1.com", "https://acme.api-us1.com")


def test_a_key_that_is_no_text() -> None:
    with pytest.raises(ConfigurationError, match="not bytes"):
        Key(b"abc")  # type: ignore[arg-type]  # what a caller without a type checker may do


@pytest.mark.parametrize(
    ("origin", "account"),
    [
        ("https://acme.api-us1.com", "acme"),
        ("https://acme.activehosted.com", "acme"),
        ("https://crm.example.org:8443", "crm.example.org:8443"),
    ],
)
def test_two_addresses_of_one_account_share_its_name(origin: str, account: str) -> None:
    assert account_of(origin) == account


def weak(kind: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if kind == "hostname":
        context.check_hostname = False
    elif kind == "verify":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif kind == "optional":
        context.verify_mode = ssl.CERT_OPTIONAL
    else:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


@pytest.mark.parametrize("kind", ["hostname", "verify", "optional", "version"])
def test_a_context_that_does_not_verify_is_refused(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="ssl_context"):
        AsyncClient("https://acme.api-us1.com", "some-key", ssl_context=weak(kind))


def test_there_is_no_switch_for_verification() -> None:
    with pytest.raises(TypeError, match="verify"):
        AsyncClient("https://acme.api-us1.com", "some-key", verify=False)  # type: ignore[call-arg]  # the point
    with pytest.raises(ConfigurationError, match="ssl_context"):
        AsyncClient("https://acme.api-us1.com", "some-key", ssl_context=False)  # type: ignore[arg-type]  # the point


def test_a_truststore_context_is_good() -> None:
    truststore = pytest.importorskip("truststore")
    checked(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_certificates_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "there/is/none.pem")
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        AsyncClient("https://acme.api-us1.com", "some-key")


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        AsyncClient("https://acme.api-us1.com", "some-key", timeout=timeout)


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://host:port", 5])
def test_a_proxy_that_is_none(proxy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="proxy"):
        AsyncClient("https://acme.api-us1.com", "some-key", proxy=proxy)
    monkeypatch.setenv("HTTPS_PROXY", "http://host:port")
    with pytest.raises(ConfigurationError, match="proxy"):
        AsyncClient("https://acme.api-us1.com", "some-key")


@pytest.mark.parametrize(
    "given",
    [
        {"retry": 3},
        {"retry": RetryPolicy},
        {"rate_limiter": 5},
        {"rate_limiter": LocalLimiter},
        {"observer": Observer},
        {"api_key": FileKey},
        {"ssl_context": ssl.SSLContext},
        {"transport": 5},
        {"transport": httpx.AsyncHTTPTransport},
        {"read_only": "no"},
        {"read_only": bool},
        {"strict": "no"},
        {"trust_env": "no"},
        {"account": 5},
        {"account": str},
    ],
    ids=str,
)
def test_arguments_of_the_wrong_kind(given: dict[str, Any]) -> None:
    ((name, value),) = given.items()
    what = f"the class {value.__name__} itself" if isinstance(value, type) else type(value).__name__
    with pytest.raises(ConfigurationError, match=f"^{name}: .* expected, not {what}$"):
        AsyncClient("https://acme.api-us1.com", **{"api_key": "some-key", **given})


def test_a_limiter_is_told_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^rate_limiter: a limiter such as LocalLimiter\(\) was expected"):
        AsyncClient("https://acme.api-us1.com", "some-key", rate_limiter=5)  # type: ignore[arg-type]  # the point


def test_a_transport_takes_no_proxy() -> None:
    with pytest.raises(ConfigurationError, match="proxy, transport: give one of them"):
        AsyncClient("https://a.api-us1.com", "key", transport=httpx.AsyncHTTPTransport(), proxy="http://localhost:1")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "https://acme.api-us1.com"}, r"'url': did you mean base_url\?"),
        ({"key": "some-key"}, r"'key': did you mean api_key\?"),
        ({"api_token": "some-key"}, r"'api_token': did you mean api_key\?"),
        ({"token": "some-key"}, "'token'; known: base_url, api_key, timeout, "),
        ({"retries": 3}, r"'retries': did you mean retry\?"),
    ],
)
def test_a_misspelt_argument_names_the_nearest(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said) as caught:
        AsyncClient(**given)
    assert "some-key" not in str(caught.value)
    assert [frame.name for frame in caught.traceback[1:]] == ["called"]
    assert not {"args", "given"} & set(caught.traceback[1].frame.f_locals), "where the key would stand"


def test_too_much_by_position() -> None:
    with pytest.raises(TypeError, match="by keyword: rate_limiter=…, retry=…, ssl_context=…"):
        AsyncClient("https://acme.api-us1.com", "some-key", 5)  # type: ignore[call-arg]  # the point
