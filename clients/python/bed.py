"""The test bed: a real gateway in front of a simulated Gemini, each a process of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from openai import AsyncOpenAI, DefaultHttpxClient, OpenAI

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN = 30.0
LISTENING = "listening on "

T = TypeVar("T")


def binary() -> Path:
    """The program under test: `POLLUX_BIN`, or what `cargo build` made."""
    if given := os.environ.get("POLLUX_BIN"):
        return Path(given)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    return (ROOT / target) / "debug" / "pollux"


def eventually(probe: Callable[[], T], within: float = 10.0) -> T:
    """The first true value that `probe` gives; for what another process does in its own time."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not (value := probe()):
        assert time.monotonic() < deadline, f"still {value!r} after {within} s"
        pause.wait(0.01)
    return value


class Program:
    """A running `pollux` command, and everything it prints."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        name = arguments[0]
        self.output = folder / f"{name}.log"
        begin = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as sink:
            self.process = subprocess.Popen(
                [str(binary()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", ""), "RUST_BACKTRACE": "1", **environment},
                cwd=folder,
            )
        self.http = httpx2.Client(timeout=30)
        try:
            self.url = eventually(lambda: self._address(begin), START_WITHIN)
        except AssertionError:
            self.stop()
            raise AssertionError(f"pollux {name} did not start:\n{self.text()}") from None

    def _address(self, begin: int) -> str | None:
        ended = self.process.poll()
        assert ended is None, f"it ended with {ended}"
        lines = self.output.read_bytes()[begin:].decode(errors="replace").splitlines(keepends=True)
        said = [line.partition(LISTENING)[2] for line in lines if LISTENING in line and line.endswith("\n")]
        return said[0].split()[0] if said else None

    def text(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def stop(self) -> None:
        """Asks it to end, and makes it end if it does not."""
        self.http.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Simulator(Program):
    """`pollux simulate`, and its control endpoints."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(["simulate", "--listen", "127.0.0.1:0", *options], {}, folder)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.url}/__sim/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def keys(self) -> list[str]:
        """All keys, in clear."""
        return [key["key"] for key in self.control("GET", "keys")]

    def state(self) -> dict[str, Any]:
        """What happened so far: calls, open streams, the last requests."""
        return self.control("GET", "state")

    def calls(self) -> Counter[str]:
        """Calls that reached Google, by the label of the key, such as `p0k1`."""
        return Counter({label: key["calls"] for label, key in self.state()["keys"].items()})

    def last_body(self) -> dict[str, Any]:
        """What Google was last asked."""
        return self.state()["recent"][-1]["body"]

    def script(self, *rules: dict[str, Any], projects: dict[str, str] | None = None) -> None:
        """Replaces the script: faults by rule, and what is wrong with the keys of which project."""
        self.control("POST", "script", {"rules": list(rules), "projects": projects or {}})


class Gateway(Program):
    """`pollux serve`, its admin API and clients for it."""

    def __init__(self, folder: Path, upstream: Simulator, **settings: str) -> None:
        self.admin_token = settings.setdefault("POLLUX_ADMIN_TOKEN", f"admin-{secrets.token_urlsafe(32)}")
        self.data = folder / "data"
        self.issued: list[str] = []
        self.clients: list[OpenAI] = []
        environment = {
            "POLLUX_LISTEN": "127.0.0.1:0",
            "POLLUX_DATA_DIR": str(self.data),
            "POLLUX_UPSTREAM_URL": upstream.url,
            "POLLUX_ALLOW_SIM_FAULTS": "on",
            "POLLUX_LOG": "debug",
            "GEMINI_API_KEYS": ",".join(upstream.keys()),
            **settings,
        }
        super().__init__(["serve"], environment, folder)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        answer = self.http.request(method, f"{self.url}/admin{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def user_key(self, name: str = "tests") -> str:
        """A new key for a user."""
        issued = self.admin("POST", "/config/user-key", {"name": name})
        assert issued["success"] and issued["key"].startswith("sk-pollux-"), issued["name"]
        self.issued.append(issued["key"])
        return issued["key"]

    def users(self) -> list[dict[str, Any]]:
        return self.admin("GET", "/users")["data"]

    def client(self, **options: Any) -> OpenAI:
        """The official SDK, pointed at this gateway."""
        self.clients.append(OpenAI(base_url=f"{self.url}/v1", **self._with_key(options)))
        return self.clients[-1]

    def async_client(self, **options: Any) -> AsyncOpenAI:
        """The same for asyncio; to be closed by whoever takes it."""
        return AsyncOpenAI(base_url=f"{self.url}/v1", **self._with_key(options))

    def _with_key(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"api_key": options.get("api_key") or (self.issued[0] if self.issued else self.user_key()), **options}

    def counting_client(self, **options: Any) -> tuple[OpenAI, list[httpx2.Request]]:
        """A client, and the requests it has sent so far, retries included."""
        sent: list[httpx2.Request] = []
        transport = DefaultHttpxClient(event_hooks={"request": [sent.append]})
        return self.client(http_client=transport, **options), sent

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        super().stop()


class Bed:
    """A gateway, its simulator, and the folder they live in."""

    def __init__(self, folder: Path, simulator: Simulator, gateway: Gateway) -> None:
        self.folder, self.simulator, self.gateway = folder, simulator, gateway

    def restart(self) -> Gateway:
        """Stops the gateway and starts it again on the same data."""
        self.gateway.stop()
        issued = self.gateway.issued
        self.gateway = Gateway(self.folder, self.simulator, POLLUX_ADMIN_TOKEN=self.gateway.admin_token)
        self.gateway.issued = issued
        return self.gateway

    def secrets(self) -> list[str]:
        """Everything that no log line and no database column may hold."""
        return [*self.simulator.keys(), *self.gateway.issued, self.gateway.admin_token]

    def leaks(self, canaries: list[str]) -> list[str]:
        """Where a secret was written in clear. The simulator's own output does not count."""
        files = [self.gateway.output, *(file for file in self.gateway.data.rglob("*") if file.is_file())]
        written = [(file.name, file.read_bytes()) for file in files]
        found = [(name, canary) for name, content in written for canary in canaries if canary.encode() in content]
        return [f"{name} holds {canary[:8]}… in clear" for name, canary in found]


@contextmanager
def bed(*options: str, **settings: str) -> Iterator[Bed]:
    """Starts simulator and gateway, stops them at the end, and then looks for secrets in what they wrote.

    `options` go to `pollux simulate`, `settings` into the gateway's environment.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pollux-clients-")))
        simulator = Simulator(folder, *options)
        stack.callback(simulator.stop)
        made = Bed(folder, simulator, Gateway(folder, simulator, **settings))
        stack.callback(lambda: made.gateway.stop())
        yield made
        canaries = made.secrets()
        made.gateway.stop()
        assert not (leaks := made.leaks(canaries)), leaks
        assert "panicked" not in made.gateway.text(), made.gateway.text()
