"""Thinking: every way to ask for it, on models that take a budget and models that take a level."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI

from conftest import ask

EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def think(client: OpenAI, model: str, **more: Any) -> tuple[str, int]:
    """The thoughts that were shown, and how many tokens were thought."""
    answer = client.chat.completions.create(**ask("Think it over", **more) | {"model": model})
    assert answer.choices[0].message.content and answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    details = answer.usage.completion_tokens_details
    shown = answer.choices[0].message.model_dump().get("reasoning_content") or ""
    return shown, (details.reasoning_tokens or 0) if details else 0


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-3.8-flash", "gemini-3.6-flash"])
@pytest.mark.parametrize("effort", EFFORTS)
def test_every_effort_on_every_kind_of_model(client: OpenAI, model: str, effort: str) -> None:
    shown, tokens = think(client, model, reasoning_effort=effort)
    assert bool(shown) == (effort != "none" and tokens > 0)
    if effort not in ("none", "minimal"):
        assert tokens > 0 and "**Reading the request**" in shown


def test_thinking_is_off_where_it_can_be(client: OpenAI) -> None:
    assert think(client, "gemini-2.5-flash", reasoning_effort="none") == ("", 0)


def test_more_effort_more_thought(client: OpenAI) -> None:
    low, high = (think(client, "gemini-3.8-flash", reasoning_effort=effort)[1] for effort in ("low", "high"))
    assert low < high


def test_thoughts_are_shown_unless_asked_otherwise(client: OpenAI) -> None:
    assert think(client, "gemini-2.5-flash")[0]


@pytest.mark.parametrize("wrap", [
    lambda config: {"thinking_config": config},
    lambda config: {"google": {"thinking_config": config}},
    lambda config: {"extra_body": {"google": {"thinking_config": config}}},
], ids=["top level", "google", "extra_body.google"])
@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3.8-flash"])
def test_googles_own_words(client: OpenAI, model: str, wrap: Any) -> None:
    budget = {"thinking_budget": 8192, "include_thoughts": True}
    shown, tokens = think(client, model, extra_body=wrap(budget))
    assert shown and tokens > 0
    hidden, tokens = think(client, model, extra_body=wrap(budget | {"include_thoughts": False}))
    assert not hidden and tokens > 0


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-3.8-flash"])
@pytest.mark.parametrize("budget", [-1, 0, 1, 512, 24576, 32768])
def test_every_budget_is_fitted_to_the_model(client: OpenAI, model: str, budget: int) -> None:
    think(client, model, extra_body={"thinking_config": {"thinking_budget": budget}})


@pytest.mark.parametrize("level", ["minimal", "low", "MEDIUM", "high"])
@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3.8-flash"])
def test_every_level_is_fitted_to_the_model(client: OpenAI, model: str, level: str) -> None:
    think(client, model, extra_body={"thinking_config": {"thinking_level": level}})


def test_googles_words_win_over_effort_and_that_is_said(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        **ask("Think"), reasoning_effort="high", extra_body={"thinking_config": {"thinking_budget": 0}}
    )
    assert "reasoning_effort" in raw.headers["x-pollux-ignored-params"]
    usage = raw.parse().usage
    assert usage and not (usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens)


@pytest.mark.parametrize(("body", "param"), [
    ({"reasoning_effort": "a lot"}, "reasoning_effort"),
    ({"thinking_config": {"thinking_level": "huge"}}, "thinking_config.thinking_level"),
    ({"thinking_config": {"thinking_budget": "many"}}, "thinking_config.thinking_budget"),
], ids=["effort", "level", "budget"])
def test_nonsense_is_refused_with_its_place(client: OpenAI, body: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**ask("Think"), extra_body=body)
    assert caught.value.param == param and caught.value.code == "invalid_value"
