"""Which webhook addresses and secrets are accepted, and that a refusal gives nothing away."""

import base64

import pytest

from monitor.notify.endpoint import check_secret, check_url, host_of, is_private, redacted_url


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/T0/B0/x?y=1", "http://127.0.0.1:8080/hook", "https://[::1]:8443/"]
)
def test_http_addresses_are_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://hooks.example.com/hunter2", "https://"),
        ("hooks.example.com/hunter2", "https://"),
        ("file:///hunter2", "https://"),
        ("https://ana:hunter2@hooks.example.com/", "user name or password"),
        ("https://hunter2@hooks.example.com/", "user name or password"),
        ("https:///hunter2", "no host"),
        ("https://hooks.example.com:99999/hunter2", "host or port"),
        ("https://[hunter2/", "host or port"),
        ("https://hooks.example.com/a\r\nX-Evil: hunter2", "control"),
        ("https://hooks.example.com/hunter2 b", "spaces"),
        ("https://hooks.example.com/" + "hunter2" * 400, "2048"),
    ],
)
def test_other_addresses_are_refused_with_the_fix_and_without_quoting_them(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        check_url(url)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize("length", [24, 64])
def test_secrets_of_24_to_64_bytes_are_accepted(length: int) -> None:
    check_secret("whsec_" + base64.b64encode(b"k" * length).decode())


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "does not start with whsec_"),
        ("hunter2", "does not start with whsec_"),
        ("whsec_hunter2!", "not base64"),
        ("whsec_hunter2é", "not base64"),
        ("whsec_!" + base64.b64encode(b"hunter2" * 5).decode(), "not base64"),
        ("whsec_" + base64.b64encode(b"k" * 23).decode(), "holds 23 bytes"),
        ("whsec_" + base64.b64encode(b"k" * 65).decode(), "holds 65 bytes"),
    ],
)
def test_other_secrets_are_refused_with_the_fix_and_without_quoting_them(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        check_secret(secret)
    assert "openssl rand" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_redacted_address_keeps_the_host_and_drops_what_may_be_a_token() -> None:
    assert (
        redacted_url("https://ana:hunter2@hooks.example.com:8443/T0/token?key=1") == "https://hooks.example.com:8443/…"
    )


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::",
    ],
)  # fmt: skip
def test_an_address_inside_is_known_as_such_however_it_is_written(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_a_public_address_is_not(address: str) -> None:
    assert not is_private(address)


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_private("hooks.example.com")
    assert host_of("https://hooks.example.com:8443/T0?x") == "hooks.example.com"
