"""Base URLs from strangers: which hosts are taken, and which addresses they may lead to."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio

from ._settings import could_be_a_host
from .errors import ConfigurationError

_NAT64 = ip_network("64:ff9b::/96")  # a way to any IPv4 address, in the clothes of a public one
_INWARD = [  # whatever `ipaddress` says: it knows some of them in no Python, or in newer ones alone, or less and less
    ip_network("192.0.0.0/24"),  # the IETF's protocols, with whoever is nearest; .192: Oracle's metadata
    ip_network("2001::/23"),  # the same, less Teredo, which is looked into
    ip_network("3fff::/20"),  # documentation
    ip_network("168.63.129.16"),  # Azure's, which tells its machines what they are to be
]
_LABEL = "[a-z0-9_-]+"
_PATTERN = re.compile(rf"(?P<host>(\*\.{_LABEL}\.)?{_LABEL}(\.{_LABEL})*)(:(?P<port>[0-9]{{1,5}}))?")
_HTTPS, _LAST = 443, 65_535
LOOKED_UP = 5.0  # seconds for a name: whoever owns it may let it take for ever


def vetted(
    origin: str, hosts: Collection[str] | None, *, public_only: bool, proxy: str | None, trust_env: bool
) -> None:
    """ConfigurationError for a base URL that a client for strangers does not take."""
    try:
        if public_only:
            public_name(origin)
            no_proxy(origin, proxy, trust_env)
    finally:
        del proxy  # error reporters show the locals of this frame: it may hold a password
    if hosts is not None:
        allowed(origin, hosts)
    elif _port(origin) != _HTTPS:
        said = f"base_url: another port than {_HTTPS}, which public_only refuses"
        raise ConfigurationError(f"{said}, unless a pattern of allowed_hosts names it")


def allowed(origin: str, hosts: Collection[str]) -> None:
    """ConfigurationError where none of the patterns `hosts` fits the host and port of `origin`."""
    if isinstance(hosts, str) or not isinstance(hosts, Collection) or not hosts:
        raise ConfigurationError('allowed_hosts: one pattern or several were expected, e.g. ("*.api-us1.com",)')
    patterns = [_pattern(pattern) for pattern in hosts]
    host, port = urlsplit(origin).hostname or "", _port(origin)
    fitting = (host.endswith(name[1:]) if name[0] == "*" else host == name for name, at in patterns if at == port)
    if not any(fitting):
        raise ConfigurationError(f"base_url: its host, or its port, is none of allowed_hosts ({', '.join(hosts)})")


def _pattern(given: object) -> tuple[str, int]:
    """Host and port of a pattern: a whole name, or ``*.`` and a domain of two labels at least."""
    found = _PATTERN.fullmatch(given.lower()) if isinstance(given, str) else None
    port = int(found["port"] or _HTTPS) if found else 0
    if found is None or not could_be_a_host(found["host"].replace("*", "x")) or not 0 < port <= _LAST:
        said = f"allowed_hosts: {given!r} is no pattern; a host was expected, or *. and a domain, and a port if need be"
        raise ConfigurationError(f'{said}: "crm.example.org", "*.api-us1.com", "*.example.org:8443"')
    return found["host"], port


def _port(origin: str) -> int:
    port = urlsplit(origin).port
    return _HTTPS if port is None else port


def public_name(origin: str) -> None:
    """ConfigurationError for a host that is an address, in whatever spelling, or this machine."""
    host = urlsplit(origin).hostname or ""
    if _is_address(host):
        raise ConfigurationError("base_url: an address instead of a host's name, which public_only refuses")
    if host == "localhost" or host.endswith(".localhost"):
        raise ConfigurationError("base_url: this machine itself, which public_only refuses")


def no_proxy(origin: str, proxy: str | None, trust_env: bool) -> None:
    """ConfigurationError where a proxy would resolve the name: what address it leads to could not be seen."""
    host = urlsplit(origin).hostname or ""
    from_env = trust_env and getproxies().keys() & {"https", "all"} and not proxy_bypass(host)
    given = proxy is not None
    del proxy
    if given or from_env:
        said = "public_only: a proxy resolves names for itself; leave it out"
        raise ConfigurationError(f"{said}, or the variable that names it (trust_env=False)")


async def leads_inward(host: str, port: int) -> bool:
    """Whether a name leads to an address that is not public, as far as this machine can tell.

    Then nothing is connected to: whether that works would tell a stranger what listens there.
    """
    try:
        with anyio.move_on_after(LOOKED_UP):
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return not all(_is_outside(address) for *_, address in found)
    except OSError:
        pass
    return False


def is_public(stream: Any) -> bool:
    """Whether the other end of a connection is on the public internet. What cannot be seen is not."""
    try:
        return _is_outside(stream.get_extra_info("server_addr"))
    except (ValueError, TypeError, LookupError, AttributeError):
        return False


def _is_outside(address: Any) -> bool:
    """Of a socket's address; one that is link-local names its interface behind a ``%``."""
    return _is_global(ip_address(address[0].partition("%")[0]))


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        teredo = address.teredo
        inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return _is_global(inner)
        if address.is_site_local:  # of old, and yet global to `ipaddress`
            return False
    if any(address in network for network in _INWARD):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return True
    try:
        socket.inet_aton(host)  # 127.1, 0x7f000001 and 2130706433 are addresses to a resolver
    except OSError:
        return False
    return True
