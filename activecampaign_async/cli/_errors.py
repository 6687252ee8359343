"""One line for what went wrong, which says whose fault it is and what to do."""

from __future__ import annotations

from .. import errors as e

_ADVICE: tuple[tuple[type[e.ActiveCampaignError], str, str], ...] = (
    (e.ConfigurationError, "settings", ""),
    (e.KeyProviderError, "key", ""),
    (e.TLSError, "TLS", "behind a proxy that inspects traffic, set SSL_CERT_FILE to its certificates"),
    (e.ConnectFailedError, "network", "check the connection, the proxy, and the host name in AC_API_URL"),
    (e.TransportError, "network", "check the connection, or try again later"),
    (e.RedirectError, "URL", ""),
    (e.NotFoundError, "URL", "is AC_API_URL the URL that Settings > Developer shows?"),
    (e.AuthenticationError, "key", ""),
    (e.PermissionDeniedError, "permission or plan", ""),
    (e.PaymentRequiredError, "payment", ""),
    (e.RateLimitError, "rate limit", "try again later"),
    (e.ServerError, "server", "try again later; if it lasts, check AC_API_URL"),
    (e.DecodeError, "URL or server", "that is no answer of ActiveCampaign's; check AC_API_URL"),
)


def line(error: e.ActiveCampaignError) -> str:
    """What is wrong, what was said, what to do."""
    said = " ".join(str(error).split())
    for kind, what, do in _ADVICE:
        if isinstance(error, kind):
            if isinstance(error, e.AuthenticationError) and error.status == 403:
                what = "key, or its user's permissions"  # ActiveCampaign says 403 to both
            return f"{what}: {said}" + (f" ({do})" if do else "")
    return said
