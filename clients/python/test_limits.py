"""What a user's limits and budgets look like to the SDK: headers, exceptions, and whether it tries again by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from bed import Bed, Gateway
from conftest import ask

MODEL = "gemini-2.5-flash"


def limited(gateway: Gateway, **rules: Any) -> openai.OpenAI:
    """A client of a new user with these rules."""
    made = gateway.admin("POST", "/users", {"name": "limited", **rules})
    gateway.issued.append(made["key"])
    return gateway.client(api_key=made["key"])


@pytest.mark.parametrize("stream", [False, True])
def test_the_headers_tell_how_the_user_stands(gateway: Gateway, stream: bool) -> None:
    client = limited(gateway, limits={"rpm": 5, "tpm": 100_000})
    for left in (4, 3):
        with client.chat.completions.with_streaming_response.create(**ask("Hello"), max_tokens=50, stream=stream) as raw:
            headers = raw.headers
            raw.read()
        assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-limit-tokens"]) == ("5", "100000")
        assert headers["x-ratelimit-remaining-requests"] == str(left)
        assert 0 < int(headers["x-ratelimit-remaining-tokens"]) < 100_000
        assert headers["x-ratelimit-reset-requests"] in ("1m0s", "59s")


def test_nobody_is_told_of_limits_that_there_are_not(gateway: Gateway) -> None:
    raw = limited(gateway).chat.completions.with_raw_response.create(**ask("Hello"))
    assert not [name for name in raw.headers if name.startswith("x-ratelimit")]


def test_a_rate_limit_is_a_rate_limit_error(gateway: Gateway, naps: list[float]) -> None:
    client = limited(gateway, limits={"rpm": 1})
    assert client.chat.completions.create(**ask("Hello")).choices
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**ask("Hello"))
    error = caught.value
    assert (error.code, error.type) == ("rate_limit_exceeded", "requests")
    assert "1 request a minute" in error.message and "`rpm`" in error.message
    assert error.response.headers["x-ratelimit-remaining-requests"] == "0"
    assert len(naps) == 2 and all(50 < nap <= 61 for nap in naps), "waits as long as it is told to"


def test_a_used_up_budget_is_not_tried_again(gateway: Gateway, naps: list[float]) -> None:
    client = limited(gateway, limits={"tokens_total": 300})
    with pytest.raises(openai.RateLimitError) as caught:
        for _ in range(100):
            client.chat.completions.create(**ask("Hello"), max_tokens=100)
    error = caught.value
    assert (error.code, error.type, naps) == ("insufficient_quota", "insufficient_quota", [])
    assert "does not renew" in error.message and error.response.headers["x-should-retry"] == "false"


def test_a_call_larger_than_the_budget_says_so(gateway: Gateway, naps: list[float]) -> None:
    client = limited(gateway, limits={"usd_day": "0.0001"})
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**ask("Hello"), max_tokens=50_000)
    assert caught.value.code == "insufficient_quota" and "max_completion_tokens" in caught.value.message
    assert naps == []


def test_models_that_are_not_allowed(gateway: Gateway) -> None:
    client = limited(gateway, models=["gemini-2.5-flash"])
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.chat.completions.create(**ask("Hello")).choices
    with pytest.raises(openai.PermissionDeniedError) as caught:
        client.chat.completions.create(**(ask("Hello") | {"model": "gemini-2.5-pro"}))
    assert (caught.value.code, caught.value.param) == ("model_not_allowed", "model")


def test_addresses_that_are_not_allowed(gateway: Gateway) -> None:
    assert list(limited(gateway, addresses=["127.0.0.1", "::1"]).models.list())
    with pytest.raises(openai.PermissionDeniedError) as caught:
        list(limited(gateway, addresses=["203.0.113.0/24"]).models.list())
    assert caught.value.code == "address_not_allowed"


def test_calls_under_way_are_counted(new_bed: Callable[..., Bed], naps: list[float]) -> None:
    bed = new_bed()
    client = limited(bed.gateway, limits={"concurrency": 1})
    slow = {"x-sim-fault": "slow-chunks:200"}
    with client.chat.completions.create(**ask("words:200"), stream=True, extra_headers=slow) as stream:
        next(iter(stream))
        with pytest.raises(openai.RateLimitError) as caught:
            client.with_options(max_retries=0).chat.completions.create(**ask("Hello"))
    assert caught.value.code == "rate_limit_exceeded" and "under way" in caught.value.message
