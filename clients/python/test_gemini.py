"""The native surface, driven by Google's own SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from bed import Gateway, Simulator

MODEL = "gemini-3.8-flash"


def made(gateway: Gateway, key: str, headers: dict[str, str] | None = None) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=gateway.url, headers=headers or {}))


@pytest.fixture
def google(gateway: Gateway) -> Iterator[genai.Client]:
    client = made(gateway, gateway.user_key())
    yield client
    client.close()


def test_an_answer(google: genai.Client) -> None:
    answer = google.models.generate_content(model=MODEL, contents="Hello!")
    assert answer.text and answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.prompt_token_count > 0


def test_a_stream(google: genai.Client) -> None:
    pieces = list(google.models.generate_content_stream(model=MODEL, contents="Hello!"))
    assert "".join(piece.text or "" for piece in pieces)
    assert pieces[-1].candidates[0].finish_reason == types.FinishReason.STOP


def test_a_chat_with_a_function_that_the_sdk_calls_itself(google: genai.Client) -> None:
    called: list[str] = []

    def get_weather(city: str) -> str:
        """The weather in a city."""
        called.append(city)
        return "sunny"

    chat = google.chats.create(model=MODEL, config=types.GenerateContentConfig(tools=[get_weather]))
    assert chat.send_message("call the weather tool").text
    assert called


def test_structured_output(google: genai.Client) -> None:
    class Place(BaseModel):
        name: str
        population: int

    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Place)
    answer = google.models.generate_content(model=MODEL, contents="A city", config=config)
    assert isinstance(answer.parsed, Place)


def test_tokens_are_counted(google: genai.Client) -> None:
    assert google.models.count_tokens(model=MODEL, contents="Hello!").total_tokens > 0


def test_texts_are_embedded(google: genai.Client) -> None:
    result = google.models.embed_content(model="gemini-embedding-001", contents=["one", "two"])
    assert len(result.embeddings) == 2 and result.embeddings[0].values


def test_models_are_listed(google: genai.Client) -> None:
    names = [model.name for model in google.models.list()]
    assert f"models/{MODEL}" in names
    assert google.models.get(model=MODEL).input_token_limit > 0


def test_unknown_fields_pass_both_ways(google: genai.Client, simulator: Simulator) -> None:
    config = types.GenerateContentConfig(
        safety_settings=[types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_NONE")],
        labels=None,
        seed=7,
    )
    google.models.generate_content(model=MODEL, contents="Hello!", config=config)
    sent = simulator.last_body()
    assert sent["safetySettings"] and sent["generationConfig"]["seed"] == 7


@pytest.mark.parametrize("fault", ["429-minute", "500", "503", "reset-before", "html-200"])
def test_what_fails_before_the_first_event_is_not_seen(gateway: Gateway, fault: str) -> None:
    client = made(gateway, gateway.user_key(), {"x-sim-fault": fault})
    assert client.models.generate_content(model=MODEL, contents="Hello!").text
    assert "".join(piece.text or "" for piece in client.models.generate_content_stream(model=MODEL, contents="Hello!"))
    client.close()


def test_a_stream_that_breaks_is_an_error(gateway: Gateway) -> None:
    client = made(gateway, gateway.user_key(), {"x-sim-fault": "reset:1"})
    with pytest.raises(errors.APIError):
        list(client.models.generate_content_stream(model=MODEL, contents="Hello!"))
    client.close()


def test_mistakes_have_their_code(google: genai.Client, gateway: Gateway) -> None:
    with pytest.raises(errors.ClientError) as unknown:
        google.models.generate_content(model="gpt-4o", contents="Hello!")
    assert unknown.value.code == 404
    stranger = made(gateway, "wrong")
    with pytest.raises(errors.ClientError) as refused:
        stranger.models.generate_content(model=MODEL, contents="Hello!")
    assert refused.value.code == 401
    stranger.close()
