"""Images, documents and sounds in; images out."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import openai
import pytest
from openai import OpenAI

from bed import Simulator


def png(side: int = 8) -> bytes:
    """A grey square."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = b"".join(b"\0" + b"\x80" * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WAV = b"RIFF\x24\0\0\0WAVEfmt "
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
@pytest.mark.parametrize(("part", "kind", "data"), [
    (image(PNG_URL), "image/png", png()),
    (image(PNG_URL, detail="high"), "image/png", png()),
    (image(PNG_URL, detail="low"), "image/png", png()),
    (image(PNG_URL.replace("image/png", "")), "image/png", png()),
    ({"type": "file", "file": {"filename": "twins.pdf", "file_data": PDF_URL}}, "application/pdf", PDF),
    ({"type": "file", "file": {"filename": "twins.pdf", "file_data": PDF_URL.partition(",")[2]}}, "application/pdf", PDF),
    ({"type": "input_audio", "input_audio": {"data": base64.b64encode(WAV).decode(), "format": "wav"}}, "audio/wav", WAV),
], ids=["png", "high", "low", "no type", "pdf", "bare pdf", "wav"])
def test_media_reach_the_model(
    client: OpenAI, simulator: Simulator, model: str, part: dict[str, Any], kind: str, data: bytes
) -> None:
    without = tokens(see(client, model=model))
    assert tokens(see(client, part, model=model)) > without
    (sent,) = (part["inlineData"] for part in simulator.last_body()["contents"][0]["parts"] if "inlineData" in part)
    assert sent["mimeType"] == kind and base64.b64decode(sent["data"]) == data


def test_a_link_is_left_to_google(client: OpenAI, simulator: Simulator) -> None:
    see(client, image("https://example.com/twins.png"))
    (sent,) = (part["fileData"] for part in simulator.last_body()["contents"][0]["parts"] if "fileData" in part)
    assert sent["fileUri"] == "https://example.com/twins.png"


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


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_picture_of_many_megabytes(client: OpenAI, streamed: bool) -> None:
    asked: dict[str, Any] = {
        "model": "gemini-nano-banana-2.1",
        "messages": [{"role": "user", "content": "Draw twins"}],
        "extra_headers": {"x-sim-fault": "big-image:6"},
    }
    if streamed:
        with client.chat.completions.stream(**asked) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**asked).choices[0].message
    drawn = message.model_dump()["images"][0]["image_url"]["url"]
    assert len(base64.b64decode(drawn.partition(",")[2])) > 6 << 20
