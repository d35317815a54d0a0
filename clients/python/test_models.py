"""The list of models."""

from __future__ import annotations

import openai
import pytest
from openai import OpenAI


def test_the_list(client: OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.8-flash"} <= models.keys()
    assert all(model.object == "model" and model.owned_by == "google" for model in models.values())
    assert all(isinstance(model.created, int) for model in models.values())
    assert not any(name.startswith("models/") for name in models)


@pytest.mark.parametrize("name", ["gemini-2.5-flash", "models/gemini-2.5-flash"])
def test_one_model(client: OpenAI, name: str) -> None:
    model = client.models.retrieve(name)
    assert model.id == "gemini-2.5-flash" and model.object == "model"
    assert model.model_dump()["context_length"] == 1_048_576


@pytest.mark.parametrize("name", ["gpt-7", "models/nothing", "a/b/c"])
def test_an_unknown_model(client: OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    assert caught.value.code == "model_not_found" and caught.value.param == "model"


def test_every_listed_model_can_be_retrieved(client: OpenAI) -> None:
    for model in client.models.list():
        assert client.models.retrieve(model.id) == model


def test_models_are_for_users_only(client: OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="nobody").models.list()
