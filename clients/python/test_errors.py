"""Every exception class of the SDK, and how often it tries again by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

from bed import Bed, Gateway
from conftest import ask

TWO_PROJECTS = ("--projects", "2", "--keys-per-project", "1")


class Tries:
    """Calls through a client with the SDK's default retries, and counts what it sends."""

    def __init__(self, gateway: Gateway, **options: Any) -> None:
        self.client, self.sent = gateway.counting_client(**options)

    def fail(self, kind: type[openai.APIError], **call: Any) -> Any:
        """The error that a call ends with."""
        with pytest.raises(kind) as caught:
            self.client.chat.completions.create(**(ask("Hello") | call))
        error: Any = caught.value
        assert type(error) is kind
        if isinstance(error, openai.APIStatusError):
            assert error.request_id and error.type and error.code and error.body["message"]
            assert set(error.body) == {"message", "type", "param", "code"}
            assert error.response.headers["content-type"] == "application/json"
        return error

    @property
    def count(self) -> int:
        retries = [request.headers["x-stainless-retry-count"] for request in self.sent]
        assert retries == [str(number) for number in range(len(retries))]
        return len(retries)


@pytest.fixture
def tries(gateway: Gateway) -> Tries:
    return Tries(gateway)


@pytest.fixture
def broken(new_bed: Callable[..., Bed], naps: list[float]) -> Callable[..., Tries]:
    """An impatient pool of two projects in which every call fails like this."""
    def break_with(fault: str) -> Tries:
        bed = new_bed(*TWO_PROJECTS, POLLUX_QUEUE_PATIENCE="0s")
        bed.simulator.script({"fault": fault})
        return Tries(bed.gateway)

    return break_with


# === 401, 403 ===

@pytest.mark.parametrize("key", ["sk-pollux-nobody", "AIzaSyA-a-google-key-is-no-user-key-0000"])
def test_401_a_key_we_did_not_issue(gateway: Gateway, key: str) -> None:
    tries = Tries(gateway, api_key=key)
    error = tries.fail(openai.AuthenticationError)
    assert error.code == "invalid_api_key" and tries.count == 1
    assert key not in error.message


def test_401_no_key_at_all(gateway: Gateway) -> None:
    answer = httpx2.post(f"{gateway.url}/v1/chat/completions", json=ask("Hello"))
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "invalid_api_key"


def test_403_a_key_that_was_disabled(gateway: Gateway) -> None:
    tries = Tries(gateway, api_key=gateway.user_key("Mallory"))
    assert tries.client.chat.completions.create(**ask("Hello")).choices
    (user,) = (user for user in gateway.users() if user["name"] == "Mallory")
    gateway.admin("POST", f"/users/{user['id']}/disable")
    tries.sent.clear()
    error = tries.fail(openai.PermissionDeniedError)
    assert error.code == "key_disabled" and "Mallory" in error.message and tries.count == 1
    gateway.admin("POST", f"/users/{user['id']}/enable")
    assert tries.client.chat.completions.create(**ask("Hello")).choices


# === 404, 400, 413 ===

def test_404_a_model_nobody_knows(tries: Tries) -> None:
    error = tries.fail(openai.NotFoundError, model="gpt-7")
    assert (error.code, error.param, tries.count) == ("model_not_found", "model", 1)


def test_404_a_model_google_took_away(broken: Callable[..., Tries]) -> None:
    tries = broken("404-retired")
    error = tries.fail(openai.NotFoundError)
    assert (error.code, error.param, tries.count) == ("model_not_found", "model", 1)


def test_404_a_model_without_any_quota(broken: Callable[..., Tries]) -> None:
    tries = broken("429-zero")
    error = tries.fail(openai.NotFoundError)
    assert (error.code, tries.count) == ("model_not_found", 1)


def test_404_what_is_not_there_yet(tries: Tries) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        tries.client.moderations.create(input="Hello")
    assert caught.value.code == "unknown_url" and tries.count == 1


@pytest.mark.parametrize(("call", "param"), [
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "wizard", "content": "Hello"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
    ({"temperature": "hot"}, "temperature"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"n": 0}, "n"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"response_format": {"type": "poem"}}, "response_format.type"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_400_names_the_field(tries: Tries, call: dict[str, Any], param: str) -> None:
    error = tries.fail(openai.BadRequestError, **call)
    assert (error.type, error.param, tries.count) == ("invalid_request_error", param, 1)


@pytest.mark.parametrize(("call", "param"), [
    ({"logprobs": True}, "logprobs"),
    ({"logit_bias": {"50256": -100}}, "logit_bias"),
    ({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}, "modalities"),
], ids=["logprobs", "logit_bias", "audio"])
def test_400_what_gemini_cannot_do(tries: Tries, call: dict[str, Any], param: str) -> None:
    error = tries.fail(openai.BadRequestError, **call)
    assert (error.code, error.param, tries.count) == ("unsupported_parameter", param, 1)


@pytest.mark.parametrize(("fault", "code", "param"), [
    ("400-context", "context_length_exceeded", "messages"),
    ("400-bare", "upstream_invalid_argument", None),
    ("400-image", "upstream_invalid_argument", None),
])
def test_400_from_google(tries: Tries, fault: str, code: str, param: str | None) -> None:
    error = tries.fail(openai.BadRequestError, extra_headers={"x-sim-fault": fault})
    assert (error.code, error.param, tries.count) == (code, param, 1)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"messages": 5}', b'{"model": {}}'])
def test_400_for_any_body_that_is_no_request(gateway: Gateway, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {gateway.client().api_key}", "Content-Type": "application/json"}
    answer = httpx2.post(f"{gateway.url}/v1/chat/completions", content=body, headers=headers)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_413_from_google(tries: Tries) -> None:
    error = tries.fail(openai.APIStatusError, extra_headers={"x-sim-fault": "413"})
    assert (error.status_code, error.code, tries.count) == (413, "request_too_large", 1)


def test_413_beyond_our_own_limit(new_bed: Callable[..., Bed]) -> None:
    tries = Tries(new_bed(POLLUX_MAX_BODY_MB="1").gateway)
    error = tries.fail(openai.APIStatusError, messages=[{"role": "user", "content": "x" * (2 << 20)}])
    assert (error.status_code, error.code, tries.count) == (413, "request_too_large", 1)


# === 429 ===

def test_429_a_short_wait_is_waited_for(new_bed: Callable[..., Bed]) -> None:
    """Every project is out for a moment: the SDK waits as long as it is told to, and succeeds."""
    bed = new_bed(*TWO_PROJECTS, POLLUX_QUEUE_PATIENCE="0s")
    bed.simulator.script({"fault": "429-minute:1200", "times": 2})
    tries = Tries(bed.gateway)
    assert tries.client.chat.completions.create(**ask("Hello")).choices[0].message.content
    assert tries.count == 2


def test_429_a_wait_within_our_own_patience_is_not_seen(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed(*TWO_PROJECTS)
    bed.simulator.script({"fault": "429-minute:300", "times": 2})
    tries = Tries(bed.gateway)
    assert tries.client.chat.completions.create(**ask("Hello")).choices[0].message.content
    assert tries.count == 1


def test_429_the_wait_is_told_truthfully(broken: Callable[..., Tries], naps: list[float]) -> None:
    tries = broken("429-minute")
    error = tries.fail(openai.RateLimitError)
    headers = error.response.headers
    assert (error.type, error.code, tries.count) == ("rate_limit_error", "rate_limit_exceeded", 3)
    assert headers["x-should-retry"] == "true" and 20 < int(headers["retry-after"]) <= 30
    assert len(naps) == 2 and all(20 < nap <= 30 for nap in naps)
    assert abs(int(headers["retry-after-ms"]) / 1000 - int(headers["retry-after"])) <= 1


def test_429_a_used_up_day_is_not_waited_for(broken: Callable[..., Tries], naps: list[float]) -> None:
    tries = broken("429-day")
    error = tries.fail(openai.RateLimitError)
    assert (error.type, error.code, tries.count) == ("insufficient_quota", "insufficient_quota", 1)
    headers = error.response.headers
    assert headers["x-should-retry"] == "false" and "retry-after-ms" not in headers
    assert 0 < int(headers["retry-after"]) <= 25 * 3600 + 120 and naps == []


# === 500 and above ===

@pytest.mark.parametrize(("fault", "status", "code"), [
    ("500", 502, "upstream_error"),
    ("502", 502, "upstream_error"),
    ("html-200", 502, "upstream_error"),
    ("reset-before", 502, "upstream_error"),
    ("malformed-call", 502, "upstream_error"),
])
def test_5xx_that_may_pass_is_tried_again(
    broken: Callable[..., Tries], naps: list[float], fault: str, status: int, code: str
) -> None:
    tries = broken(fault)
    error = tries.fail(openai.InternalServerError)
    assert (error.status_code, error.type, error.code) == (status, "server_error", code)
    assert tries.count == 3 and len(naps) == 2


def test_503_overload_is_tried_again_after_five_seconds(broken: Callable[..., Tries], naps: list[float]) -> None:
    tries = broken("503")
    error = tries.fail(openai.InternalServerError)
    assert (error.status_code, error.code) == (503, "upstream_overloaded")
    assert tries.count == 3 and all(4 < nap <= 5 for nap in naps)


@pytest.mark.parametrize(("fault", "status", "code"), [
    ("504", 504, "upstream_timeout"),
    ("503-deadline", 504, "upstream_timeout"),
    ("400-key-invalid", 503, "no_available_key"),
    ("403-leaked", 503, "no_available_key"),
    ("403-suspended", 503, "no_available_key"),
    ("403-service-disabled", 503, "no_available_key"),
    ("429-billing", 503, "no_available_key"),
    ("400-region", 503, "upstream_region_blocked"),
])
def test_5xx_that_will_not_pass_is_not(broken: Callable[..., Tries], fault: str, status: int, code: str) -> None:
    tries = broken(fault)
    error = tries.fail(openai.InternalServerError)
    assert (error.status_code, error.code, tries.count) == (status, code, 1)
    assert "AIza" not in str(error.body) and "AQ." not in str(error.body)


def test_504_when_google_does_not_begin(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed(POLLUX_REQUEST_TIMEOUT="300ms", POLLUX_ANSWER_TIMEOUT="300ms")
    bed.simulator.script({"fault": "slow-first:60000"})
    error = Tries(bed.gateway).fail(openai.InternalServerError)
    assert (error.status_code, error.code) == (504, "upstream_timeout")


# === what is not a status ===

def test_the_clients_own_time_out(tries: Tries, naps: list[float]) -> None:
    slow = {"x-sim-fault": "slow-first:5000"}
    tries.fail(openai.APITimeoutError, timeout=0.2, extra_headers=slow)
    assert tries.count == 3 and len(naps) == 2


def test_a_gateway_that_is_gone(new_bed: Callable[..., Bed], naps: list[float]) -> None:
    bed = new_bed()
    tries = Tries(bed.gateway)
    bed.gateway.process.terminate()
    bed.gateway.process.wait()
    tries.fail(openai.APIConnectionError)
    assert tries.count == 3


def test_an_error_after_the_first_heartbeat_travels_in_the_stream(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed(POLLUX_HEARTBEAT_AFTER="50ms", POLLUX_REQUEST_TIMEOUT="500ms")
    bed.simulator.script({"fault": "slow-first:60000"})
    client = bed.gateway.client(max_retries=0)
    with client.chat.completions.with_streaming_response.create(**ask("Hello"), stream=True) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert raw.status_code == 200 and lines[0] == ": keep-alive"
    assert '"upstream_timeout"' in lines[-1] and "data: [DONE]" not in lines
    with pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(**ask("Hello"), stream=True))
    assert caught.value.code == "upstream_timeout"


def test_faults_are_for_tests_only(new_bed: Callable[..., Bed]) -> None:
    client = new_bed(POLLUX_ALLOW_SIM_FAULTS="off").gateway.client(max_retries=0)
    assert client.chat.completions.create(**ask("Hello"), extra_headers={"x-sim-fault": "400-bare"}).choices
