"""Which addresses we talk to: how a base URL must look, and what a public IP address is."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from exchange.errors import Refused

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def base_url(text: str, party: str, *, plain: bool = False) -> httpx.URL:
    """The address of an outside party.

    It must be https; http goes to this machine only, or anywhere where `plain` says so, because
    credentials would travel in the clear. Neither user names nor a query belong in it: addresses
    are shown and logged, credentials are not. Raises Refused, which says what to change.
    """
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        raise Refused(f"{party}: the address cannot be read; give https://host/path") from None
    if url.scheme not in ("https", "http") or not url.host:
        raise Refused(f"{party}: the address must begin with https:// and name a host")
    if url.userinfo or url.query or url.fragment:
        raise Refused(f"{party}: the address must hold no user name, password, query or fragment")
    if url.scheme == "http" and not plain and not _is_this_machine(url.host):
        raise Refused(f"{party}: the address must be https; http is for this machine only")
    return url


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open Internet's, also behind its IPv6 disguises."""
    address = ip_address(text)
    inner = _embedded(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, Teredo, NAT64)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
