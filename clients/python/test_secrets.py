"""Keys stay where they belong. Every bed is searched when it is taken down; here the search itself is put to the test."""

from __future__ import annotations

from collections.abc import Callable

from bed import Bed
from conftest import ask


def test_the_search_finds_what_is_written_in_clear(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed()
    assert bed.gateway.client(max_retries=0).chat.completions.create(**ask("Hello")).choices
    canaries = bed.secrets()
    assert len(canaries) == 12 + 1 + 1, "Gemini keys, a user key, the admin token"
    assert bed.leaks(canaries) == []
    for canary in (canaries[0], canaries[-2], canaries[-1]):
        slip = bed.gateway.data / "slip.txt"
        slip.write_text(f"in the middle{canary}of a line")
        assert len(bed.leaks(canaries)) == 1
        slip.unlink()


def test_lists_show_no_key(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed()
    bed.gateway.user_key("Alice")
    shown = [str(bed.gateway.admin("GET", path)) for path in ("/keys", "/users", "/pool", "/keys/gemini", "/keys/user")]
    assert not [canary for canary in bed.secrets() for text in shown if canary in text]


def test_a_key_works_after_a_restart_though_only_its_fingerprint_was_kept(new_bed: Callable[..., Bed]) -> None:
    bed = new_bed()
    key = bed.gateway.user_key("Alice")
    again = bed.restart()
    assert again.client(api_key=key, max_retries=0).chat.completions.create(**ask("Hello")).choices
