"""Streams: chunks, usage, the SDK's accumulator, honest endings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionChunk

from bed import Bed, Gateway, eventually
from conftest import ask

# In the middle of the text: thoughts and the first words have come. The errors stand last, because Google's overload
# makes the gateway go easy on the model for a while; each test has a model of its own.
BREAKS = ["eof-early", "eof-balanced", "reset:6", "error-mid:6", "error-raw:6"]


def text(chunks: Iterable[ChatCompletionChunk], index: int = 0) -> str:
    choices = (choice for chunk in chunks for choice in chunk.choices)
    return "".join(choice.delta.content or "" for choice in choices if choice.index == index)


def finishes(chunks: Iterable[ChatCompletionChunk]) -> list[tuple[int, str]]:
    choices = (choice for chunk in chunks for choice in chunk.choices)
    return [(choice.index, choice.finish_reason) for choice in choices if choice.finish_reason]


def test_a_stream_is_well_formed(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ask("Hello"), stream=True))
    assert len(chunks) > 3 and text(chunks).startswith('You said: "Hello".')
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks][0] == "assistant"
    assert not any(chunk.choices[0].delta.role for chunk in chunks[1:])
    assert finishes(chunks) == [(0, "stop")] and chunks[-1].choices[0].finish_reason == "stop"
    assert not any("usage" in chunk.model_fields_set for chunk in chunks)


def test_the_seeds_sample_streams(client: OpenAI) -> None:
    stream = client.chat.completions.create(**ask("写一个Python函数"), stream=True)
    said = "".join(chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content is not None)
    assert "你说的是：“写一个Python函数”" in said


def test_usage_comes_once_and_last(client: OpenAI) -> None:
    asked = ask("Hello", stream=True, stream_options={"include_usage": True})
    *others, last = client.chat.completions.create(**asked)
    assert last.choices == [] and all(chunk.usage is None for chunk in others)
    usage = last.usage
    assert usage and usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0
    assert usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens


def test_streamed_and_whole_say_the_same(client: OpenAI) -> None:
    whole = client.chat.completions.create(**ask("the same words, words:200"))
    chunks = client.chat.completions.create(**ask("the same words, words:200"), stream=True)
    assert text(chunks) == whole.choices[0].message.content


def test_several_answers_in_one_stream(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ask("Twice", n=2), stream=True))
    assert sorted(finishes(chunks)) == [(0, "stop"), (1, "stop")]
    assert text(chunks, 0) and text(chunks, 1)
    assert next(chunk for chunk in chunks if chunk.choices).choices[0].index == 0


def test_a_stream_that_reaches_its_limit(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ask("words:500", max_tokens=60), stream=True))
    assert finishes(chunks) == [(0, "length")]


def test_the_helper_puts_a_stream_together(client: OpenAI) -> None:
    with client.chat.completions.stream(**ask("Hello"), stream_options={"include_usage": True}) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds and "content.done" in kinds
    (choice,) = final.choices
    assert choice.message.role == "assistant" and choice.finish_reason == "stop"
    assert choice.message.content and choice.message.content.startswith('You said: "Hello".')
    assert final.usage and final.usage.completion_tokens > 0


def test_async_streams(gateway: Gateway) -> None:
    async def run() -> tuple[list[ChatCompletionChunk], Any]:
        async with gateway.async_client(max_retries=0) as client:
            plain = [chunk async for chunk in await client.chat.completions.create(**ask("Hello"), stream=True)]
            async with client.chat.completions.stream(**ask("Hello again")) as stream:
                return plain, await stream.get_final_completion()

    chunks, final = asyncio.run(run())
    assert finishes(chunks) == [(0, "stop")] and text(chunks).startswith('You said: "Hello".')
    assert 'You said: "Hello again"' in final.choices[0].message.content


def test_the_bytes_of_a_stream(client: OpenAI) -> None:
    with client.chat.completions.with_streaming_response.create(**ask("Hello"), stream=True) as raw:
        lines = [line for line in raw.iter_lines() if line]
        headers = raw.headers
    assert headers["content-type"].startswith("text/event-stream") and headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no" and headers["x-request-id"]
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"


def test_thought_and_answer_do_not_mix(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ask("Think"), stream=True, reasoning_effort="high"))
    deltas = [chunk.choices[0].delta.model_dump() for chunk in chunks]
    thought = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    assert "**Reading the request**" in thought and "**Reading" not in text(chunks)
    last_thought = max(at for at, delta in enumerate(deltas) if delta.get("reasoning_content"))
    assert not any(delta["content"] for delta in deltas[:last_thought])


def test_a_long_answer_of_gemini_4_streams_as_one(client: OpenAI) -> None:
    asked = {"model": "gemini-4-argon", "messages": [{"role": "user", "content": "words:300"}]}
    chunks = list(client.chat.completions.create(**asked, stream=True))
    assert len(text(chunks).split(" ")) == 300 and finishes(chunks) == [(0, "stop")]


@pytest.mark.parametrize("fault", BREAKS)
def test_a_stream_that_breaks_off_says_so(client: OpenAI, fault: str) -> None:
    asked = ask("words:300", stream=True) | {"model": "gemini-2.5-pro"}
    stream = client.chat.completions.create(**asked, extra_headers={"x-sim-fault": fault})
    chunks: list[ChatCompletionChunk] = []
    with pytest.raises(openai.APIError) as caught:
        chunks.extend(stream)
    assert caught.value.code == "upstream_stream_error"
    assert not isinstance(caught.value, openai.APIStatusError)


@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_stream_has_no_clean_end(client: OpenAI, fault: str) -> None:
    asked = ask("words:300", stream=True) | {"model": "gemini-3.6-flash"}
    with client.chat.completions.with_streaming_response.create(**asked, extra_headers={"x-sim-fault": fault}) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert any('"content"' in line for line in lines), "some of the answer came before the break"
    assert '"error"' in lines[-1] and not any("[DONE]" in line for line in lines)
    assert not any('"finish_reason":"' in line for line in lines)


def test_the_helper_raises_on_a_broken_stream(client: OpenAI) -> None:
    asked = ask("words:300") | {"model": "gemini-2.5-flash-lite"}
    with pytest.raises(openai.APIError):
        with client.chat.completions.stream(**asked, extra_headers={"x-sim-fault": "error-mid:6"}) as stream:
            stream.until_done()


def test_a_client_that_leaves_is_noticed_upstream(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed()
    client = bed.gateway.client(max_retries=0)
    slow = {"x-sim-fault": "slow-chunks:100"}
    stream = client.chat.completions.create(**ask("words:2000"), stream=True, extra_headers=slow)
    next(chunk for chunk in stream if chunk.choices[0].delta.content)
    assert bed.simulator.state()["open_streams"] == 1
    stream.close()
    eventually(lambda: bed.simulator.state()["open_streams"] == 0)
    assert bed.simulator.state()["aborted_streams"] == 1


@pytest.mark.parametrize("fault", ["dribble", "split-utf8", "lf", "cr", "no-final-blank"])
def test_any_framing_reads_the_same(client: OpenAI, fault: str) -> None:
    plain = text(client.chat.completions.create(**ask("你好，双子"), stream=True))
    framed = client.chat.completions.create(**ask("你好，双子"), stream=True, extra_headers={"x-sim-fault": fault})
    assert text(framed) == plain


@pytest.mark.parametrize("fault", ["stop-every-chunk", "finish-first", "finish-alone", "usage-only", "signature-empty-part"])
def test_odd_endings_end_once(client: OpenAI, fault: str) -> None:
    asked = ask("Hello", stream=True, stream_options={"include_usage": True})
    chunks = list(client.chat.completions.create(**asked, extra_headers={"x-sim-fault": fault}))
    assert finishes(chunks) == [(0, "stop")] and text(chunks).startswith('You said: "Hello".')
    assert [bool(chunk.usage) for chunk in chunks].index(True) == len(chunks) - 1


@pytest.mark.parametrize("fault", ["safety", "recitation"])
def test_a_filtered_answer_says_so(client: OpenAI, fault: str) -> None:
    chunks = list(client.chat.completions.create(**ask("Hello"), stream=True, extra_headers={"x-sim-fault": fault}))
    assert finishes(chunks) == [(0, "content_filter")]
