"""Tells which addresses may be asked, and which of them are this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from retest.errors import InputError


def checked_url(url: str) -> str:
    """The address without a slash at its end, if a key may be sent there: https, or http to this machine."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("OPENAI_BASE_URL is not an address: write it like https://api.openai.com/v1.") from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InputError(
            f"OPENAI_BASE_URL for {host} holds more than an address: leave out user, password, `?` and `#`, "
            "and put the key into OPENAI_API_KEY."
        )
    if not host or parts.scheme not in ("http", "https"):
        raise InputError("OPENAI_BASE_URL is not a web address: write it like https://api.openai.com/v1.")
    if parts.scheme == "http" and not is_loopback(url):
        raise InputError(
            f"OPENAI_BASE_URL would send the key to {host} in the clear: use https; http is for this machine "
            "only (http://127.0.0.1:8000/v1)."
        )
    if (address := _address(host)) and address.is_link_local:
        raise InputError(f"OPENAI_BASE_URL is {host}, an address for machines' own metadata: name the endpoint's host.")
    return url.strip().rstrip("/")


def is_loopback(url: str) -> bool:
    """Does the address lead to this machine, whatever a name server says?"""
    host = urlsplit(url.strip()).hostname or ""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
