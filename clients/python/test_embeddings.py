"""Embeddings, driven by OpenAI's own SDK."""

from __future__ import annotations

import math

import openai
import pytest
from openai import OpenAI

from bed import Gateway

MODEL = "gemini-embedding-001"


def test_the_sdk_asks_for_base64_and_reads_unit_vectors(client: OpenAI) -> None:
    answer = client.embeddings.create(model=MODEL, input=["one", "two"])
    assert [row.index for row in answer.data] == [0, 1] and answer.usage.prompt_tokens > 0
    assert math.isclose(sum(value * value for value in answer.data[0].embedding), 1.0, rel_tol=1e-4)
    floats = client.embeddings.create(model=MODEL, input="one", encoding_format="float")
    assert floats.data[0].embedding == pytest.approx(answer.data[0].embedding, abs=1e-6)


def test_dimensions_and_many_texts(client: OpenAI, gateway: Gateway) -> None:
    before = len(gateway.admin("GET", "/requests?limit=1000")["data"])
    texts = [f"text {number}" for number in range(250)]
    answer = client.embeddings.create(model=MODEL, input=texts, dimensions=256)
    assert len(answer.data) == 250 and all(len(row.embedding) == 256 for row in answer.data)
    alone = client.embeddings.create(model=MODEL, input=texts[249], dimensions=256)
    assert alone.data[0].embedding == pytest.approx(answer.data[249].embedding, abs=1e-6)
    # Three requests to Google and one more, each told in the log.
    assert len(gateway.admin("GET", "/requests?limit=1000")["data"]) == before + 4


def test_token_arrays_and_chat_models_are_refused_with_a_reason(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="token arrays"):
        client.embeddings.create(model=MODEL, input=[1, 2, 3])
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-3-small", input="one")
