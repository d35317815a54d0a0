"""Tools: several rounds of parallel calls, through clients that keep what they do not know and clients that drop it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import OpenAI

from bed import Simulator
from conftest import ask

# What Google documents for calls whose signature is lost.
SENTINEL = "skip_thought_signature_validator"

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "get_time", "description": "The time, anywhere"}}
THREE_ROUNDS = "call the weather tool, steps:3 parallel:2"

Message = dict[str, Any]
Turn = Callable[[OpenAI, list[Message]], Any]


def whole(client: OpenAI, messages: list[Message], **more: Any) -> Any:
    """One turn of the assistant, asked for whole."""
    asked = {"model": "gemini-3.8-flash", "messages": messages, "tools": [WEATHER, TIME], **more}
    return client.chat.completions.create(**asked).choices[0]


def streamed(client: OpenAI, messages: list[Message], **more: Any) -> Any:
    """One turn of the assistant, streamed through the SDK's accumulator."""
    asked = {"model": "gemini-3.8-flash", "messages": messages, "tools": [WEATHER, TIME], **more}
    with client.chat.completions.stream(**asked) as stream:
        return stream.get_final_completion().choices[0]


def forgetful(message: Any) -> Message:
    """The assistant's message as a client writes it that knows OpenAI's fields and no others."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
        for call in message.tool_calls
    ]
    return {"role": "assistant", "content": message.content, "tool_calls": calls}


def faithful(message: Any) -> Any:
    """The SDK's own object, sent back as it came."""
    return message


def results(message: Any) -> list[Message]:
    """What the tools said, last call first: the order must not matter."""
    calls = reversed(message.tool_calls)
    return [{"role": "tool", "tool_call_id": call.id, "content": f'{{"sky": "clear over {call.id}"}}'} for call in calls]


@pytest.mark.parametrize("echo", [forgetful, faithful])
@pytest.mark.parametrize("turn", [whole, streamed])
def test_three_rounds_of_parallel_calls(
    client: OpenAI, simulator: Simulator, turn: Turn, echo: Callable[[Any], Message]
) -> None:
    messages: list[Message] = [{"role": "user", "content": THREE_ROUNDS}]
    seen: set[str] = set()
    for _ in range(3):
        choice = turn(client, messages)
        calls = choice.message.tool_calls
        assert choice.finish_reason == "tool_calls" and not choice.message.content
        assert [call.function.name for call in calls] == ["get_weather", "get_weather"]
        assert all(json.loads(call.function.arguments)["city"] for call in calls)
        assert all(call.type == "function" and call.id and len(call.id) <= 40 for call in calls)
        seen.update(call.id for call in calls)
        messages += [echo(choice.message), *results(choice.message)]
    final = turn(client, messages)
    assert final.finish_reason == "stop" and not final.message.tool_calls
    assert final.message.content.count("get_weather returned") == 2
    assert all(f"clear over {call.id}" in final.message.content for call in calls)
    assert len(seen) == 6, "every call has an id of its own"
    sent = json.dumps(simulator.last_body())
    assert sent.count("thoughtSignature") == 3 and SENTINEL not in sent, "real signatures, one for each round"


def test_the_signature_travels_on_the_first_call(client: OpenAI) -> None:
    message = whole(client, [{"role": "user", "content": THREE_ROUNDS}]).message
    first, second = (call.model_dump() for call in message.tool_calls)
    assert first["extra_content"]["google"]["thought_signature"]
    assert "extra_content" not in second


def test_calls_of_another_model_are_accepted(client: OpenAI, simulator: Simulator) -> None:
    """A history that Gemini never made has no signatures at all."""
    call = {"id": "call_elsewhere", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_elsewhere", "content": "noon"},
    ]
    choice = whole(client, messages)
    assert "get_time returned" in choice.message.content and "noon" in choice.message.content
    assert SENTINEL in json.dumps(simulator.last_body())


def test_a_lost_result_does_not_break_the_conversation(client: OpenAI) -> None:
    messages: list[Message] = [{"role": "user", "content": "call the weather tool, parallel:2"}]
    message = whole(client, messages).message
    messages += [forgetful(message), results(message)[0], {"role": "user", "content": "and now?"}]
    assert whole(client, messages).finish_reason == "stop"


def test_a_call_streams_in_fragments_that_any_client_can_join(client: OpenAI) -> None:
    asked = ask("call the weather tool, parallel:3", tools=[WEATHER], stream=True) | {"model": "gemini-3.8-flash"}
    calls: dict[int, Message] = {}
    for chunk in client.chat.completions.create(**asked):
        for part in chunk.choices[0].delta.tool_calls or []:
            call = calls.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
            call["id"] += part.id or ""
            call["name"] += part.function.name or ""
            call["arguments"] += part.function.arguments or ""
    assert sorted(calls) == [0, 1, 2] and len({call["id"] for call in calls.values()}) == 3
    assert all(call["name"] == "get_weather" and json.loads(call["arguments"]) for call in calls.values())


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3.8-flash"])
@pytest.mark.parametrize(("choice", "called"), [
    ("none", []),
    ("auto", ["get_weather"]),
    ("required", ["get_weather"]),
    ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
], ids=["none", "auto", "required", "named"])
def test_tool_choice(client: OpenAI, model: str, choice: Any, called: list[str]) -> None:
    message = whole(client, [{"role": "user", "content": "the weather, please"}], model=model, tool_choice=choice).message
    assert [call.function.name for call in message.tool_calls or []] == called


def test_a_function_without_arguments_gets_an_empty_object(client: OpenAI) -> None:
    message = whole(client, [{"role": "user", "content": "call get_time"}]).message
    (call,) = message.tool_calls
    assert call.function.name == "get_time" and json.loads(call.function.arguments) == {}


def test_names_that_gemini_refuses_come_back_as_they_were(client: OpenAI) -> None:
    odd = {"type": "function", "function": {"name": "1st/weather tool", "parameters": {"type": "object", "properties": {}}}}
    message = whole(client, [{"role": "user", "content": "go"}], tools=[odd], tool_choice="required").message
    assert message.tool_calls[0].function.name == "1st/weather tool"


def test_the_old_way_of_functions(client: OpenAI) -> None:
    messages: list[Message] = [{"role": "user", "content": "call the weather function"}]
    asked = {"model": "gemini-3.8-flash", "functions": [WEATHER["function"]]}
    choice = client.chat.completions.create(messages=messages, **asked).choices[0]
    call = choice.message.function_call
    assert choice.finish_reason == "function_call" and call.name == "get_weather"
    messages += [
        {"role": "assistant", "content": None, "function_call": {"name": call.name, "arguments": call.arguments}},
        {"role": "function", "name": call.name, "content": "rain"},
    ]
    final = client.chat.completions.create(messages=messages, **asked).choices[0].message
    assert "get_weather returned" in final.content and "rain" in final.content


def test_a_tool_that_was_not_declared_cannot_be_chosen(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        whole(client, [{"role": "user", "content": "go"}], tool_choice={"type": "function", "function": {"name": "nope"}})
    assert "tool_choice" in (caught.value.param or "")


def test_a_malformed_call_is_tried_again_unseen(client: OpenAI) -> None:
    headers = {"x-sim-fault": "malformed-call"}
    choice = whole(client, [{"role": "user", "content": "call the weather tool"}], extra_headers=headers)
    assert choice.finish_reason == "tool_calls" and choice.message.tool_calls[0].function.name == "get_weather"
