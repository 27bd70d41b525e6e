"""Signatures, repeated from the examples that the vendors publish."""

from __future__ import annotations

from hub.bells import aliyun, dingtalk, feishu, tencent
from hub.courier import signature


def test_acs3_is_that_of_the_example_in_alibabas_documentation() -> None:
    """help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature, 固定参数示例."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    assert aliyun.authorise(
        "YourAccessKeyId", "YourAccessKeySecret", query=query, headers=headers
    ) == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
STAMP = 1551113065


def test_tc3_is_that_of_the_example_in_tencents_documentation() -> None:
    """Signature v3, tencentcloud.com/document/api/614/42761, in its edition with whole keys."""
    signed = tencent.authorise(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        headers={
            "content-type": "application/json; charset=utf-8",
            "host": "cvm.tencentcloudapi.com",
        },
        body=PAYLOAD,
        now=STAMP,
        service="cvm",
    )
    assert signed == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/"
        "tc3_request, SignedHeaders=content-type;host,"
        " Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_tc3_with_the_action_signed_is_that_of_todays_example() -> None:
    """cloud.tencent.com/document/api/213/30654: its keys are masked, that of its day is not."""
    day = "b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af"
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
        "x-tc-action": "describeinstances",
    }
    text = tencent.text_to_sign(headers, PAYLOAD, STAMP, "2019-02-25/cvm/tc3_request")
    assert tencent.seal(bytes.fromhex(day), text) == (
        "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_a_webhooks_signature_is_that_of_the_standards_example() -> None:
    """github.com/standard-webhooks/standard-webhooks, the example of the specification."""
    signed = signature.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_robots_signs_differ_in_what_is_key_and_what_is_text() -> None:
    """Neither vendor publishes a result; these were made with openssl, as their pages say.

    printf '1764000000000\\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary
    | base64, and printf '' | … -hmac $'1764000000\\nthis is secret'.
    """
    assert dingtalk.sign("this is secret", 1764000000000) == DINGTALK
    assert feishu.sign("this is secret", 1764000000) == FEISHU


DINGTALK = "2okeMgl/WoQULlSbnkxloUiV9MtX3noV5vBNOoMXqXI="
FEISHU = "PjL0THy9GSyI84UniGwh68Mmh6UxL9X0Ts0qYrqZO2U="
