"""The Messages API, driven by Anthropic's own SDK."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from bed import Gateway, Simulator

MODEL = "gemini-3.8-flash"
WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture
def claude(gateway: Gateway) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key=gateway.user_key(), max_retries=0) as made:
        yield made


def ask(text: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": text}], **more}


def test_a_message(claude: Anthropic) -> None:
    message = claude.messages.create(**ask("Hello!"))
    assert message.type == "message" and message.role == "assistant" and message.stop_reason == "end_turn"
    assert "".join(block.text for block in message.content if block.type == "text")
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def test_a_stream_adds_up_to_a_message(claude: Anthropic) -> None:
    with claude.messages.stream(**ask("Hello!")) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text and message.stop_reason == "end_turn"
    assert text == "".join(block.text for block in message.content if block.type == "text")
    assert message.usage.output_tokens > 0


def test_thinking_is_shown_and_goes_round(claude: Anthropic, simulator: Simulator) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    question = ask("call the weather tool, steps:2", thinking=thinking, max_tokens=4096, tools=[WEATHER])
    rounds = 0
    while True:
        message = claude.messages.create(**question)
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            break
        rounds += 1
        assert message.stop_reason == "tool_use"
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"} for call in calls]
        question["messages"] += [
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": results},
        ]
    assert rounds == 2 and message.stop_reason == "end_turn"
    # The simulator refuses calls without their signatures, as Gemini does; none had to be made up.
    assert "skip_thought_signature_validator" not in str(simulator.last_body())


def test_media_and_documents_arrive(claude: Anthropic, simulator: Simulator) -> None:
    pixel = base64.b64encode(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000"
            "000301010018dd8db00000000049454e44ae426082"
        )
    ).decode()
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": pixel}},
        {"type": "document", "title": "Notes", "source": {"type": "text", "media_type": "text/plain", "data": "plain words"}},
        {"type": "text", "text": "What is this?"},
    ]
    claude.messages.create(**ask("", messages=[{"role": "user", "content": content}]))
    sent = str(simulator.last_body())
    assert pixel in sent and "plain words" in sent and "Notes" in sent


def test_system_prompts_and_stop_sequences_arrive(claude: Anthropic, simulator: Simulator) -> None:
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    claude.messages.create(**ask("Hi", system=system, stop_sequences=["END"], extra_body={"temperature": 0.5}))
    body = simulator.last_body()
    assert body["systemInstruction"]["parts"][0]["text"] == "Be brief."
    assert body["generationConfig"]["stopSequences"] == ["END"]


def test_tokens_are_counted(claude: Anthropic) -> None:
    few = claude.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hi"}])
    many = claude.messages.count_tokens(
        model=MODEL, system="Be brief. " * 50, messages=[{"role": "user", "content": "Hi"}], tools=[WEATHER]
    )
    assert 0 < few.input_tokens < many.input_tokens


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"model": "claude-nobody"}, anthropic.NotFoundError),
        ({"messages": []}, anthropic.BadRequestError),
        ({"max_tokens": 0}, anthropic.BadRequestError),
    ],
)
def test_mistakes_have_their_exception(claude: Anthropic, change: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        claude.messages.create(**ask("Hi", **change))


def test_a_wrong_key_is_an_authentication_error(gateway: Gateway) -> None:
    with Anthropic(base_url=gateway.url, api_key="wrong", max_retries=0) as stranger:
        with pytest.raises(anthropic.AuthenticationError):
            stranger.messages.create(**ask("Hi"))


@pytest.mark.parametrize("fault", ["429-minute", "500", "503", "reset-before", "html-200"])
@pytest.mark.parametrize("streamed", [False, True])
def test_what_fails_before_the_first_event_is_not_seen(claude: Anthropic, fault: str, streamed: bool) -> None:
    headers = {"x-sim-fault": fault}
    if streamed:
        with claude.messages.stream(**ask("Hello!"), extra_headers=headers) as stream:
            assert "".join(stream.text_stream)
    else:
        assert claude.messages.create(**ask("Hello!"), extra_headers=headers).content


def test_a_stream_that_breaks_is_an_error_and_no_end(claude: Anthropic) -> None:
    with pytest.raises(anthropic.APIError):
        with claude.messages.stream(**ask("Hello!"), extra_headers={"x-sim-fault": "reset:1"}) as stream:
            list(stream.text_stream)
