"""Signs, held against what others have published."""

import hmac

import pytest

from hub.feeds.profiles import signing
from hub.feeds.profiles.signing import (
    canonical_text,
    has_algorithm,
    is_same_sign,
    make_sign,
    mask,
)
from hub.model.profile import Auth

WECHAT = {
    "appid": "wxd930ea5d5a258f4f",
    "body": "test",
    "device_info": "1000",
    "mch_id": "10000100",
    "nonce_str": "ibuaiVcKdpRxkhJA",
}
WECHAT_KEY = "192006250b4c09247ec02edce69f6a2d"
"""The example of WeChat Pay's document of signs (APIv2), for MD5 and for HMAC-SHA256."""


@pytest.mark.parametrize(
    ("algorithm", "sign"),
    [
        ("md5", "9A0A8659F005D6984697E2CA0A9CF3B7"),
        ("hmac-sha256", "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"),
    ],
)
def test_the_published_examples_come_out(algorithm: str, sign: str) -> None:
    auth = Auth(algorithm=algorithm)  # type: ignore[arg-type]
    text = canonical_text(auth, WECHAT, WECHAT_KEY)
    assert text == (
        "appid=wxd930ea5d5a258f4f&body=test&device_info=1000&mch_id=10000100"
        "&nonce_str=ibuaiVcKdpRxkhJA&key=192006250b4c09247ec02edce69f6a2d"
    )
    assert make_sign(auth, text, WECHAT_KEY) == sign


def test_a_secret_may_follow_without_a_name() -> None:
    auth = Auth(canonical="{params}{secret}", letters="lower")
    secret = "58b31d465652be856d7ed80977aa4ce4"
    text = canonical_text(auth, {"uid": "1000", "timestamp": "1548047628"}, secret)
    assert make_sign(auth, text, secret) == "15540d3398e5ed2a37533e3fc032e1a0"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        ("abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_is_that_of_the_standard(text: str, digest: str) -> None:
    """GB/T 32905-2016, appendix A."""
    assert make_sign(Auth(algorithm="sm3", letters="lower"), text, "") == digest


def test_hmac_sm3_is_that_of_the_standard() -> None:
    """GM/T 0042-2015, appendix D.3, its first example."""
    message = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
    key = bytes(range(1, 33))
    digest = "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"
    assert hmac.new(key, message.encode(), "sm3").hexdigest() == digest
    auth = Auth(algorithm="hmac-sm3", letters="lower")
    assert make_sign(auth, message, key.decode()) == digest


def test_an_algorithm_that_this_python_has_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_algorithm("hmac-sm3")

    def refuse(name: str) -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(signing.hashlib, "new", refuse)
    assert not has_algorithm("hmac-sm3")


def test_the_order_can_be_the_profiles_and_the_sign_is_never_in_it() -> None:
    auth = Auth(order=("nonce", "sign", "appKey"), canonical="{params}", pair="{name}{value}")
    params = {"appKey": "a", "nonce": "n", "sign": "s", "x": "1"}
    assert canonical_text(auth, params, "") == "noncen&appKeya"


def test_empty_values_count_only_where_the_profile_says_so() -> None:
    params = {"a": "", "b": "1"}
    assert canonical_text(Auth(canonical="{params}"), params, "") == "b=1"
    assert canonical_text(Auth(canonical="{params}", empty="keep"), params, "") == "a=&b=1"


def test_what_a_value_holds_is_not_filled_in_again() -> None:
    auth = Auth(canonical="{secret}|{params}|{body}")
    text = canonical_text(auth, {"a": "{secret}{body}"}, "S", b"{params}")
    assert text == "S|a={secret}{body}|{params}"


def test_hex_counts_in_either_case_and_base64_does_not() -> None:
    assert is_same_sign(Auth(), "AB", "ab")
    assert not is_same_sign(Auth(encoding="base64"), "AB==", "ab==")
    assert not is_same_sign(Auth(), "AB", "签名")


def test_a_secret_is_masked() -> None:
    assert mask("a=1&key=s3cret", "s3cret") == "a=1&key=******"
    assert mask("a=1", "") == "a=1"
