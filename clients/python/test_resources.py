"""Files, caches, batches and stores, driven by Google's own SDK."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google import genai
from google.genai import errors, types

from bed import Bed, Gateway
from test_gemini import MODEL, made


@pytest.fixture
def google(gateway: Gateway) -> Iterator[genai.Client]:
    client = made(gateway, gateway.user_key())
    yield client
    client.close()


@pytest.fixture
def somebody_else(gateway: Gateway) -> Iterator[genai.Client]:
    client = made(gateway, gateway.user_key())
    yield client
    client.close()


def text(words: str) -> io.BytesIO:
    return io.BytesIO(words.encode())


def test_a_file_is_sent_asked_about_listed_and_deleted(google: genai.Client, somebody_else: genai.Client, tmp_path: Path) -> None:
    # More than one piece of the SDK's eight megabytes.
    path = tmp_path / "long.txt"
    path.write_bytes(b"all work and no play " * 500_000)
    file = google.files.upload(file=str(path), config=types.UploadFileConfig(display_name="a novel"))
    assert (file.size_bytes, file.state, file.display_name) == (10_500_000, types.FileState.ACTIVE, "a novel")
    for _ in range(4):
        assert google.models.generate_content(model=MODEL, contents=[file, "What is it about?"]).text
    assert google.files.get(name=file.name).uri == file.uri
    assert [one.name for one in google.files.list()] == [file.name]

    assert list(somebody_else.files.list()) == []
    for forbidden in (
        lambda: somebody_else.files.get(name=file.name),
        lambda: somebody_else.files.delete(name=file.name),
        lambda: somebody_else.models.generate_content(model=MODEL, contents=[file, "What is it about?"]),
    ):
        with pytest.raises(errors.ClientError) as refused:
            forbidden()
        assert refused.value.code == 404

    google.files.delete(name=file.name)
    with pytest.raises(errors.ClientError):
        google.files.get(name=file.name)


def test_a_film_is_waited_for(google: genai.Client) -> None:
    film = google.files.upload(file=text("not really a film"), config=types.UploadFileConfig(mime_type="video/mp4"))
    looks = 0
    while film.state == types.FileState.PROCESSING:
        film = google.files.get(name=film.name)
        looks += 1
        assert looks < 10
    assert looks and google.models.generate_content(model=MODEL, contents=[film, "Who is in it?"]).text


def test_pages_of_files(google: genai.Client) -> None:
    config = types.UploadFileConfig(mime_type="text/plain")
    names = {google.files.upload(file=text(f"number {number}"), config=config).name for number in range(5)}
    pager = google.files.list(config=types.ListFilesConfig(page_size=2))
    assert len(pager.page) == 2
    assert {file.name for file in pager} == names


def test_a_cache_is_made_used_kept_longer_and_deleted(google: genai.Client, somebody_else: genai.Client) -> None:
    config = types.CreateCachedContentConfig(contents=["All happy families are alike. " * 200], ttl="600s", display_name="novel")
    cache = google.caches.create(model=MODEL, config=config)
    used = types.GenerateContentConfig(cached_content=cache.name)
    answer = google.models.generate_content(model=MODEL, contents="How does it begin?", config=used)
    assert answer.usage_metadata.cached_content_token_count > 1_000
    with pytest.raises(errors.ClientError) as refused:
        somebody_else.models.generate_content(model=MODEL, contents="How does it begin?", config=used)
    assert refused.value.code == 404
    longer = google.caches.update(name=cache.name, config=types.UpdateCachedContentConfig(ttl="7200s"))
    assert longer.expire_time > cache.expire_time
    assert google.caches.get(name=cache.name).display_name == "novel"
    assert [one.name for one in google.caches.list()] == [cache.name]
    assert list(somebody_else.caches.list()) == []
    google.caches.delete(name=cache.name)
    with pytest.raises(errors.ClientError):
        google.caches.get(name=cache.name)


def test_a_batch_over_a_file(google: genai.Client) -> None:
    source = google.files.upload(
        file=text('{"key": "1", "request": {"contents": [{"parts": [{"text": "hi"}]}]}}\n'),
        config=types.UploadFileConfig(mime_type="application/jsonl"),
    )
    job = google.batches.create(model=MODEL, src=source.name)
    assert job.state == types.JobState.JOB_STATE_PENDING
    google.batches.get(name=job.name)
    job = google.batches.get(name=job.name)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    assert b"Answered in a batch." in google.files.download(file=job.dest.file_name)
    assert [one.name for one in google.batches.list()] == [job.name]
    google.batches.delete(name=job.name)


def test_a_store_takes_files(google: genai.Client) -> None:
    store = google.file_search_stores.create(config={"display_name": "papers"})
    operation = google.file_search_stores.upload_to_file_search_store(
        file_search_store_name=store.name, file=text("a paper"), config={"mime_type": "text/plain", "display_name": "paper"}
    )
    assert operation.done
    assert google.operations.get(operation).done
    documents = list(google.file_search_stores.documents.list(parent=store.name))
    assert [document.display_name for document in documents] == ["paper"]


def test_what_is_there_is_found_after_a_restart(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed("--projects", "4", "--keys-per-project", "1")
    key = bed.gateway.user_key()
    google = made(bed.gateway, key)
    file = google.files.upload(file=text("to be kept"), config=types.UploadFileConfig(mime_type="text/plain"))
    google.close()
    bed.restart()
    google = made(bed.gateway, key)
    for _ in range(6):
        assert google.models.generate_content(model=MODEL, contents=[file, "What is it?"]).text
    google.close()
