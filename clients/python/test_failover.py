"""What goes wrong with a key or its project is invisible while another project has room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import openai
import pytest
from openai import OpenAI

from bed import Bed, bed
from conftest import ask

FAULTS = [
    "429-minute", "429-tokens", "429-day", "429-both", "429-zero", "429-bare", "429-help", "429-old", "429-empty",
    "429-billing", "429-capacity", "500", "500-html", "502", "503", "503-array", "401", "400-key-invalid", "400-key-expired",
    "403-leaked", "403-suspended", "403-service-disabled", "403-blocked", "403-referrer", "403-permission",
    "empty", "empty-stop", "empty-200", "html-200", "error-json-200", "error-first", "reset-before", "pup-limited",
]
# Failures of one model in a row are taken for an incident of that model, so each fault meets another one.
MODELS = [
    "gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-flash-lite", "gemini-3.8-flash", "gemini-3.6-flash", "gemini-3.1-flash-lite",
]
each_fault = pytest.mark.parametrize(("fault", "model"), list(zip(FAULTS, cycle(MODELS))))


@pytest.fixture(scope="module")
def wide_bed() -> Iterator[Bed]:
    """A pool so large that every fault can have its own victims."""
    with bed("--projects", str(3 * len(FAULTS))) as made:
        yield made


@pytest.fixture
def wide_client(wide_bed: Bed) -> OpenAI:
    return wide_bed.gateway.client(max_retries=0)


@each_fault
def test_a_first_attempt_that_fails_is_not_seen(wide_client: OpenAI, fault: str, model: str) -> None:
    asked = ask("Hello") | {"model": model}
    answer = wide_client.chat.completions.create(**asked, extra_headers={"x-sim-fault": fault})
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop"


@each_fault
def test_nor_is_it_in_a_stream(wide_client: OpenAI, fault: str, model: str) -> None:
    asked = ask("Hello", stream=True, stream_options={"include_usage": True}) | {"model": model}
    chunks = list(wide_client.chat.completions.create(**asked, extra_headers={"x-sim-fault": fault}))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said.count("You said") == 1 and chunks[-1].usage


@pytest.mark.parametrize("state", ["invalid", "leaked", "suspended", "service_disabled", "billing"])
def test_dead_projects_are_found_out_and_left_alone(new_bed: Callable[..., Bed], state: str) -> None:
    bed = new_bed("--projects", "3", "--keys-per-project", "2")
    bed.simulator.script(projects={"0": state, "2": state})
    client = bed.gateway.client(max_retries=0)
    for _ in range(30):
        assert client.chat.completions.create(**ask("Hello")).choices[0].message.content
    calls = bed.simulator.calls()
    assert sum(calls[key] for key in calls if key.startswith("p1")) == 30
    assert all(calls[key] <= 1 for key in calls if not key.startswith("p1")), calls


def test_round_robin_truly_balances(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed("--projects", "4", "--keys-per-project", "3", POLLUX_STRATEGY="round_robin")
    client = bed.gateway.client(max_retries=0)
    for at in range(60):
        client.chat.completions.create(**ask(f"number {at}"))
    calls = bed.simulator.calls()
    assert len(calls) == 12 and sum(calls.values()) == 60
    assert max(calls.values()) - min(calls.values()) <= 1, calls


def test_a_key_added_while_running_is_used(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed("--projects", "2", GEMINI_API_KEYS="")
    client = bed.gateway.client(max_retries=0)
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**ask("Hello"))
    assert caught.value.code == "no_available_key"
    added = bed.gateway.admin("POST", "/config/gemini-key", {"key": "\n".join(bed.simulator.keys())})
    assert added["success"] and added["successful_adds"] == len(bed.simulator.keys())
    assert client.chat.completions.create(**ask("Hello")).choices[0].message.content


def test_a_burst_of_overload_is_not_seen(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed("--projects", "4")
    bed.simulator.script({"fault": "503", "after": 2, "times": 1}, {"fault": "429-minute", "after": 5, "times": 2})
    client = bed.gateway.client(max_retries=0)
    assert all(client.chat.completions.create(**ask(f"number {at}")).choices for at in range(12))


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_project_that_falls_silent_is_left(new_bed: Callable[..., Bed], streamed: bool) -> None:
    bed = new_bed(POLLUX_FIRST_EVENT_TIMEOUT="200ms", POLLUX_ANSWER_TIMEOUT="2s")
    client = bed.gateway.client(max_retries=0)
    asked = ask("Hello", stream=streamed, extra_headers={"x-sim-fault": "silence"})
    answer = client.chat.completions.create(**asked)
    assert list(answer) if streamed else answer.choices[0].message.content
    assert bed.simulator.calls().total() == 2


def test_tools_survive_a_change_of_project(new_bed: Callable[..., Bed]) -> None:
    """The project that made the calls is gone when their results come: its signatures mean nothing to the others."""
    bed = new_bed("--projects", "2", "--bind-signatures")
    client = bed.gateway.client(max_retries=0)
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
    asked = {"model": "gemini-3.8-flash", "tools": [tool]}
    messages: list = [{"role": "user", "content": "call get_weather"}]
    message = client.chat.completions.create(messages=messages, **asked).choices[0].message
    (used,) = (label for label, calls in bed.simulator.calls().items() if calls)
    bed.simulator.script(projects={used[1]: "leaked"})
    (call,) = message.tool_calls or []
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "sun"}]
    final = client.chat.completions.create(messages=messages, **asked).choices[0].message
    assert "get_weather returned" in (final.content or "")


def test_what_google_says_about_a_suspended_key_stays_here(new_bed: Callable[..., Bed]) -> None:
    """Google's text holds the whole key in clear."""
    bed = new_bed("--projects", "2")
    bed.simulator.script(projects={"0": "suspended", "1": "suspended"})
    with pytest.raises(openai.InternalServerError) as caught:
        bed.gateway.client(max_retries=0).chat.completions.create(**ask("Hello"))
    assert not any(key in str(caught.value.body) for key in bed.simulator.keys())
