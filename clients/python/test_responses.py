"""The Responses API, driven by OpenAI's own SDK."""

from __future__ import annotations

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

MODEL = "gemini-3.8-flash"


def test_a_whole_answer(client: OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="hello", instructions="Be short.")
    assert answer.status == "completed" and "hello" in answer.output_text
    assert answer.usage is not None and answer.usage.input_tokens > 0


def test_the_stream_helper_puts_the_answer_together(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="hello") as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert "hello" in said and final.output_text == said


def test_a_loop_with_a_tool(client: OpenAI) -> None:
    tool = {
        "type": "function",
        "name": "weather",
        "strict": False,
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    history: list = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = client.responses.create(model=MODEL, input=history, tools=[tool], tool_choice="required")
    calls = [item for item in first.output if item.type == "function_call"]
    assert [call.name for call in calls] == ["weather"]
    history += [item.model_dump() for item in first.output]
    history.append({"type": "function_call_output", "call_id": calls[0].call_id, "output": "sunny"})
    second = client.responses.create(model=MODEL, input=history, tools=[tool])
    assert second.status == "completed" and second.output_text


class City(BaseModel):
    name: str


def test_parse_gives_an_object_of_the_class(client: OpenAI) -> None:
    answer = client.responses.parse(model=MODEL, input="Paris", text_format=City)
    assert isinstance(answer.output_parsed, City)


def test_what_would_need_memory_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=MODEL, input="x", previous_response_id="resp_1")
    assert refused.value.param == "previous_response_id"
