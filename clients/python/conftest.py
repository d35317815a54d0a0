"""What the tests share: one bed for all of them, and more for those that break theirs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from openai import OpenAI

from bed import Bed, Gateway, Simulator, bed, binary


def pytest_sessionstart() -> None:
    if not binary().is_file():
        pytest.exit(f"there is no {binary()}; run `cargo build --bin pollux`, or name one in POLLUX_BIN", returncode=1)


@pytest.fixture(autouse=True)
def no_test_hangs() -> Iterator[None]:
    """A test that hangs is a failed test."""

    def give_up(*_: object) -> None:
        raise TimeoutError("the test did not end within two minutes")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(120)
    yield
    signal.alarm(0)


@pytest.fixture(scope="session")
def shared_bed() -> Iterator[Bed]:
    with bed("--projects", "4", "--keys-per-project", "3") as made:
        yield made


@pytest.fixture
def gateway(shared_bed: Bed) -> Gateway:
    return shared_bed.gateway


@pytest.fixture
def simulator(shared_bed: Bed) -> Simulator:
    return shared_bed.simulator


@pytest.fixture
def client(gateway: Gateway) -> OpenAI:
    """A client that does not retry: what it sees is what the gateway said."""
    return gateway.client(max_retries=0)


@pytest.fixture
def new_bed() -> Iterator[Callable[..., Bed]]:
    """Starts a bed of the test's own, to break as it likes."""
    with ExitStack() as stack:
        yield lambda *options, **settings: stack.enter_context(bed(*options, **settings))


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits the SDK would have made between its retries; none is really made."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", lambda seconds: taken.append(seconds))
    return taken


def ask(text: str, **more: Any) -> dict[str, Any]:
    """The arguments of a plain call."""
    return {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": text}], **more}
