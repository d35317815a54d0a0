"""Whole answers: what a plain `chat.completions.create` gets."""

from __future__ import annotations

import asyncio
import time

import openai
import pytest
from openai import OpenAI

from bed import Gateway, Simulator
from conftest import ask


def test_an_answer_is_complete(client: OpenAI) -> None:
    answer = client.chat.completions.create(**ask("Hello, twins"))
    (choice,) = answer.choices
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    assert answer.model == "gemini-2.5-flash" and abs(answer.created - time.time()) < 60
    assert choice.index == 0 and choice.finish_reason == "stop" and choice.logprobs is None
    assert choice.message.role == "assistant" and choice.message.tool_calls is None
    assert choice.message.content and choice.message.content.startswith('You said: "Hello, twins".')
    usage = answer.usage
    assert usage and usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens


def test_chinese_goes_in_and_out(client: OpenAI) -> None:
    answer = client.chat.completions.create(**ask("你好，请介绍一下自己"))
    assert "你说的是：“你好，请介绍一下自己”" in (answer.choices[0].message.content or "")


def test_instructions_may_stand_anywhere(client: OpenAI) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "yes?"},
        {"role": "system", "content": "Be quick."},
        {"role": "user", "content": [{"type": "text", "text": "second"}]},
    ]
    answer = client.chat.completions.create(model="gemini-3.8-flash", messages=messages)
    assert 'You said: "second"' in (answer.choices[0].message.content or "")


@pytest.mark.parametrize("messages", [
    [{"role": "system", "content": "Only instructions."}],
    [{"role": "user", "content": ""}],
    [{"role": "assistant", "content": "I begin."}, {"role": "user", "content": "And I go on."}],
    [{"role": "user", "content": "One."}, {"role": "user", "content": "Two.", "name": "Bob"}],
    [{"role": "user", "content": "Finish this:"}, {"role": "assistant", "content": "Once upon a"}],
], ids=["system only", "empty", "assistant first", "same role twice", "prefill"])
@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3.8-flash"])
def test_odd_conversations_are_answered(client: OpenAI, model: str, messages: list) -> None:
    answer = client.chat.completions.create(model=model, messages=messages)
    assert answer.choices[0].message.content


def test_several_answers_to_one_question(client: OpenAI) -> None:
    answer = client.chat.completions.create(**ask("Twice, please", n=2))
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.message.content and choice.finish_reason == "stop" for choice in answer.choices)


def test_several_answers_where_the_model_gives_one(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**ask("Twice, please", n=2) | {"model": "gemini-3.8-flash"})
    assert caught.value.param == "n"


@pytest.mark.parametrize("stop", ["END", ["never", "END"]], ids=["one", "list"])
def test_stop_sequences(client: OpenAI, stop: str | list[str]) -> None:
    answer = client.chat.completions.create(**ask("before END after", stop=stop))
    assert answer.choices[0].message.content == 'You said: "before '
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_an_answer(client: OpenAI, name: str) -> None:
    answer = client.chat.completions.create(**ask("words:500", **{name: 60}))
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage and 0 < answer.usage.completion_tokens <= 60


def test_a_limit_beyond_the_model_is_lowered(client: OpenAI) -> None:
    answer = client.chat.completions.create(**ask("Hello", max_tokens=10_000_000))
    assert answer.choices[0].finish_reason == "stop"


def test_a_limit_that_thinking_uses_up(client: OpenAI) -> None:
    answer = client.chat.completions.create(**ask("words:500", max_tokens=1))
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == ""


def test_a_long_answer_of_gemini_4_is_one_answer(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gemini-4-argon", messages=[{"role": "user", "content": "words:300"}])
    words = (answer.choices[0].message.content or "").split(" ")
    assert len(words) == 300 and words[::10] == [str(at) for at in range(1, 300, 10)]
    assert answer.choices[0].finish_reason == "stop"


def test_what_is_ignored_is_named(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        **ask("Hello", frequency_penalty=0.5, verbosity="low", prediction={"type": "content", "content": "Hi"}),
        extra_body={"repetition_penalty": 1.1},
    )
    ignored = {name.strip() for name in raw.headers["x-pollux-ignored-params"].split(",")}
    assert {"frequency_penalty", "prediction", "repetition_penalty", "verbosity"} <= ignored
    assert raw.parse().choices[0].message.content


def test_nothing_ignored_nothing_said(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        **ask("Hello", temperature=0.5, top_p=0.9, seed=7, frequency_penalty=0, presence_penalty=0)
    )
    assert "x-pollux-ignored-params" not in raw.headers


def test_every_answer_has_its_own_id(client: OpenAI) -> None:
    first, second = (client.chat.completions.create(**ask("Hello")) for _ in range(2))
    assert first._request_id and second._request_id and first._request_id != second._request_id
    assert first.id != second.id


def test_the_model_that_really_answers_is_named(client: OpenAI) -> None:
    messages = [{"role": "user", "content": "Who are you?"}]
    raw = client.chat.completions.with_raw_response.create(model="gemini-flash-latest", messages=messages)
    assert raw.headers["x-pollux-upstream-model"] == "gemini-3.8-flash"
    assert raw.parse().model == "gemini-flash-latest"


@pytest.mark.parametrize("model", ["models/gemini-2.5-flash", "google/gemini-2.5-flash"])
def test_prefixed_model_names(client: OpenAI, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])
    assert answer.model == model and answer.choices[0].message.content


def test_a_blocked_prompt_is_an_answer(client: OpenAI) -> None:
    answer = client.chat.completions.create(**ask("Hello"), extra_headers={"x-sim-fault": "blocked"})
    (choice,) = answer.choices
    assert choice.finish_reason == "content_filter" and choice.message.content is None


def test_many_at_once(gateway: Gateway) -> None:
    async def all_of_them() -> list[str | None]:
        async with gateway.async_client(max_retries=0) as client:
            calls = [client.chat.completions.create(**ask(f"number {at}")) for at in range(40)]
            return [answer.choices[0].message.content for answer in await asyncio.gather(*calls)]

    for at, content in enumerate(asyncio.run(all_of_them())):
        assert f'"number {at}"' in (content or "")


def test_google_sees_its_own_key_and_nothing_of_ours(gateway: Gateway, simulator: Simulator) -> None:
    headers = {"x-api-key": "of-the-client", "x-goog-api-key": "of-the-client", "cookie": "session=of-the-client"}
    gateway.client(max_retries=0, default_headers=headers).chat.completions.create(**ask("Hello", user="Bob"))
    sent = simulator.state()["recent"][-1]
    assert sent["credentials"] == ["x-goog-api-key"] and sent["query"] == {}
    assert "of-the-client" not in str(sent) and gateway.issued[0] not in str(sent)
    assert sent["body"]["store"] is False and "Bob" not in str(sent["body"])
