"""Structured output: the answer is JSON that satisfies the schema."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Literal, Optional, Union

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel, Field

from conftest import ask


class Colour(str, Enum):
    red = "red"
    green = "green"


class Star(BaseModel):
    name: str
    magnitude: float
    colour: Colour
    companion: Optional[str]


class Point(BaseModel):
    kind: Literal["point"]
    x: int


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Constellation(BaseModel):
    """Nested, optional, enumerated, listed and a choice of two: what schemas are made of."""

    title: str
    stars: list[Star]
    brightest: Star
    season: Optional[Literal["winter", "summer"]]
    shape: Union[Point, Circle]
    rank: Annotated[int, Field(ge=1, le=10)]


MODELS = ["gemini-2.5-flash", "gemini-3.8-flash"]


@pytest.mark.parametrize("model", MODELS)
def test_parse_gives_a_model(client: OpenAI, model: str) -> None:
    answer = client.chat.completions.parse(**ask("Describe Gemini") | {"model": model}, response_format=Constellation)
    parsed = answer.choices[0].message.parsed
    assert isinstance(parsed, Constellation) and isinstance(parsed.brightest, Star) and 1 <= parsed.rank <= 10


@pytest.mark.parametrize("model", MODELS)
def test_a_parsed_stream_gives_a_model(client: OpenAI, model: str) -> None:
    asked = ask("Describe Gemini") | {"model": model}
    with client.chat.completions.stream(**asked, response_format=Constellation) as stream:
        kinds = {event.type for event in stream}
        message = stream.get_final_completion().choices[0].message
    assert {"content.delta", "content.done"} <= kinds
    assert isinstance(message.parsed, Constellation)


def test_a_recursive_model(client: OpenAI) -> None:
    class Tree(BaseModel):
        label: str
        children: Optional[list["Tree"]] = None

    schema = {"name": "tree", "schema": Tree.model_json_schema()}
    answer = client.chat.completions.create(**ask("A tree"), response_format={"type": "json_schema", "json_schema": schema})
    assert Tree.model_validate_json(answer.choices[0].message.content or "").label


@pytest.mark.parametrize("model", MODELS)
def test_json_of_any_shape(client: OpenAI, model: str) -> None:
    answer = client.chat.completions.create(**ask("As JSON") | {"model": model}, response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)


def test_thoughts_stay_out_of_the_json(client: OpenAI) -> None:
    answer = client.chat.completions.parse(**ask("Describe Gemini"), response_format=Star, reasoning_effort="high")
    message: Any = answer.choices[0].message
    assert isinstance(message.parsed, Star) and "**Reading the request**" in message.reasoning_content


def test_arguments_of_strict_tools_are_parsed(client: OpenAI) -> None:
    class GetWeather(BaseModel):
        city: str
        days: int

    tool: Any = openai.pydantic_function_tool(GetWeather)
    asked = ask("call the GetWeather tool") | {"model": "gemini-3.8-flash"}
    answer = client.chat.completions.parse(**asked, tools=[tool])
    (call,) = answer.choices[0].message.tool_calls or []
    assert isinstance(call.function.parsed_arguments, GetWeather)


def test_an_answer_cut_short_is_not_parsed(client: OpenAI) -> None:
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(**ask("Describe Gemini", max_tokens=30), response_format=Constellation)


def test_a_blocked_prompt_is_not_parsed(client: OpenAI) -> None:
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client.chat.completions.parse(**ask("Hello"), response_format=Star, extra_headers={"x-sim-fault": "blocked"})
