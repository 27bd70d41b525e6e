"""Digest: the captured vector, an independent client, and what is refused."""

from __future__ import annotations

import httpx2
import pytest

from device_drivers.codecs.digest import (
    Challenge,
    Login,
    Request,
    answer,
    is_proven,
    read_answer,
    read_challenge,
    write_challenge,
)
from hub.errors import ProtocolError

CAPTURED = (
    'Digest username="34020000001320000001", realm="3402000000", nonce="c98f6d56cb2ab8e6", '
    'uri="sip:34020000002000000001@3402000000:5060", '
    'response="79d8846430436131196c50746cd97fa5", algorithm=MD5'
)
OLD = Challenge("3402000000", "c98f6d56cb2ab8e6")


def test_the_captured_register_of_a_camera_proves_its_password() -> None:
    fields = read_answer(CAPTURED)
    assert is_proven(fields, OLD, "REGISTER", "123456")
    assert not is_proven(fields, OLD, "REGISTER", "1234567")
    assert not is_proven(fields, OLD, "MESSAGE", "123456")
    assert not is_proven(fields, OLD._replace(nonce="another"), "REGISTER", "123456")
    request = Request("REGISTER", "sip:34020000002000000001@3402000000:5060")
    said = answer(OLD, request, Login("34020000001320000001", "123456"), "")
    assert read_answer(said)["response"] == fields["response"]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_an_independent_client_and_this_one_answer_alike(algorithm: str) -> None:
    challenge = Challenge("IP Camera(1)", "9f2b", "auth", algorithm, "5ccc")
    header = write_challenge(challenge) + ', opaque="5ccc"'
    asked = httpx2.Request("GET", "http://camera/ISAPI/x")
    flow = httpx2.DigestAuth("admin", "s3cret").sync_auth_flow(asked)
    next(flow)
    refused = httpx2.Response(401, headers={"www-authenticate": header}, request=asked)
    theirs = read_answer(flow.send(refused).headers["authorization"])
    assert is_proven(theirs, challenge, "GET", "s3cret")
    ours = answer(challenge, Request("GET", "/ISAPI/x"), Login("admin", "s3cret"), theirs["cnonce"])
    assert read_answer(ours) == theirs


def test_the_best_of_several_challenges_is_taken() -> None:
    found = read_challenge(
        [
            'Basic realm="x"',
            'Digest realm="x", nonce="a"',
            'Digest realm="x", nonce="b", qop="auth,auth-int"',
        ]
    )
    assert found == Challenge("x", "b", "auth")


@pytest.mark.parametrize(
    "header",
    ["", 'Basic realm="x"', 'Digest realm="x"', 'Digest nonce="x", algorithm=MD4',
     'Digest realm="x", nonce="x", qop="auth-int"', "Digest " + "a=" * 100_000],
)  # fmt: skip
def test_a_challenge_that_cannot_be_answered_is_refused(header: str) -> None:
    with pytest.raises(ProtocolError, match="no sign-in by Digest"):
        read_challenge([header])


def test_an_answer_that_is_none_proves_nothing() -> None:
    for header in (
        "",
        "Basic eDp5",
        "Digest ",
        'Digest nonce="c98f6d56cb2ab8e6", realm="3402000000"',
    ):
        assert not is_proven(read_answer(header), OLD, "REGISTER", "123456")
