"""Images, documents and sounds in; images out."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import openai
import pytest
from openai import OpenAI


def png(side: int = 8) -> bytes:
    """A grey square."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = b"".join(b"\0" + b"\x80" * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG_URL = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
PDF_URL = f"data:application/pdf;base64,{base64.b64encode(PDF).decode()}"


def see(client: OpenAI, *parts: dict[str, Any], model: str = "gemini-2.5-flash") -> Any:
    content = [{"type": "text", "text": "What is this?"}, *parts]
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])


def image(url: str, **more: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def tokens(answer: Any) -> int:
    assert answer.choices[0].finish_reason == "stop" and answer.choices[0].message.content
    return answer.usage.prompt_tokens


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3.8-flash"])
@pytest.mark.parametrize("part", [
    image(PNG_URL),
    image(PNG_URL, detail="high"),
    image(PNG_URL, detail="low"),
    image(PNG_URL.replace("image/png", "")),
    {"type": "file", "file": {"filename": "twins.pdf", "file_data": PDF_URL}},
    {"type": "file", "file": {"filename": "twins.pdf", "file_data": PDF_URL.partition(",")[2]}},
    {"type": "input_audio", "input_audio": {"data": base64.b64encode(b"RIFF\0\0\0\0WAVE").decode(), "format": "wav"}},
], ids=["png", "high", "low", "no type", "pdf", "bare pdf", "wav"])
def test_media_reach_the_model(client: OpenAI, model: str, part: dict[str, Any]) -> None:
    assert tokens(see(client, part, model=model)) > tokens(see(client, model=model))


def test_many_images(client: OpenAI) -> None:
    one, three = (tokens(see(client, *[image(PNG_URL)] * count)) for count in (1, 3))
    assert three > one


@pytest.mark.parametrize("part", [
    image("data:image/png;base64,@@@"),
    image("file:///etc/passwd"),
    {"type": "hologram"},
], ids=["not base64", "local file", "unknown part"])
def test_what_is_no_image_is_refused_with_its_place(client: OpenAI, part: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        see(client, part)
    assert (caught.value.param or "").startswith("messages[0].content[1]")


def test_an_image_comes_back(client: OpenAI) -> None:
    messages = [{"role": "user", "content": "Draw twins"}]
    message = client.chat.completions.create(model="gemini-nano-banana-2.1", messages=messages).choices[0].message
    (drawn,) = message.model_dump()["images"]
    head, _, data = drawn["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64" and base64.b64decode(data).startswith(b"\x89PNG")


def test_an_image_streams(client: OpenAI) -> None:
    messages = [{"role": "user", "content": "Draw twins"}]
    with client.chat.completions.stream(model="gemini-nano-banana-2.1", messages=messages) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.model_dump()["images"][0]["image_url"]["url"].startswith("data:image/png;base64,")
