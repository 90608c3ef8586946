"""Which addresses are taken, and which lead into a private network."""

import pytest

from exchange.address import base_url, is_public
from exchange.errors import Refused


@pytest.mark.parametrize(
    "text",
    [
        "https://hashsharing.example/npo",
        " https://hashsharing.example:8443/npo/ ",
        "http://127.0.0.1:8001/npo",
        "http://localhost:8001",
        "http://[::1]:8001",
    ],
)
def test_an_address_is_https_or_this_machine(text: str) -> None:
    assert str(base_url(text, "NCMEC")) == text.strip()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("http://hashsharing.example/npo", "must be https"),
        ("http://127.0.0.1.example/npo", "must be https"),
        ("http://192.168.1.1/", "must be https"),
        ("ftp://hashsharing.example", "https://"),
        ("hashsharing.example/npo", "https://"),
        ("https://", "https://"),
        ("", "https://"),
        ("https://user:pass@hashsharing.example", "no user name"),
        ("https://hashsharing.example/?key=secret", "no user name"),
        ("https://hashsharing.example/#secret", "no user name"),
        ("https://[::1", "cannot be read"),
        ("https://a\x00b", "cannot be read"),
    ],
)
def test_any_other_address_is_refused_with_what_to_change(text: str, what: str) -> None:
    with pytest.raises(Refused, match=what) as caught:
        base_url(text, "NCMEC")
    assert "secret" not in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_http_to_elsewhere_where_it_is_allowed() -> None:
    assert base_url("http://platform:8080/hook", "platform", plain=True).port == 8080


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        *("127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("::1", "::", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_private_addresses_are_seen_through_their_disguises(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)
