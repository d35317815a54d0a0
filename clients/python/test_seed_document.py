"""The samples of the document that Pollux took over: extracted from it and run as they stand.

Only addresses, keys and the admin token are put in their places; each sample runs as a user would paste it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from bed import ROOT, Bed, bed

DOCUMENT = Path(os.environ.get("POLLUX_SEED_DOCUMENT") or ROOT.parent / "shared" / "seed" / "README.zh-CN.md")
PLACE = "https://your-app.onrender.com"

pytestmark = pytest.mark.skipif(
    not DOCUMENT.is_file(), reason=f"the document is not there ({DOCUMENT}); name it in POLLUX_SEED_DOCUMENT"
)

# What is no call of this service, and what stands for it here (docs/seed.md).
INSTEAD = {
    "httpx.AsyncClient": "an illustration of a connection pool; the gateway keeps its own",
    "from database import Database": "a Python module; `pollux cleanup` and `pollux backup` do this",
    "git clone": "the checkout of another program",
    "pip install": "the set-up of another program",
    "python run_server.py": "the start of another program; `pollux serve` is ours",
    "streamlit run": "the console of another program; ours is served at /",
}


def samples(language: str) -> list[str]:
    """Every code block of a language, without the indentation of the list it stands in."""
    blocks: list[str] = []
    if DOCUMENT.is_file():
        found = re.finditer(rf"^( *)```{language}\n(.*?)^ *```$", DOCUMENT.read_text("utf-8"), re.M | re.S)
        blocks = ["\n".join(line.removeprefix(match[1]) for line in match[2].splitlines()) for match in found]
    return [block for block in blocks if not any(mark in block for mark in INSTEAD)]


def title(sample: str) -> str:
    lines = [line for line in sample.splitlines() if line.strip()]
    return (lines[0] if lines else "empty")[:50]


@pytest.fixture(scope="module")
def made() -> Iterator[Bed]:
    with bed("--projects", "2", "--keys-per-project", "2") as made:
        yield made


@pytest.fixture
def names(made: Bed) -> Iterator[dict[str, Any]]:
    """What a sample finds: a client, `requests`, the address."""
    made.simulator.script()
    token = {"Authorization": f"Bearer {made.gateway.admin_token}"}
    with httpx2.Client(headers=token, timeout=30) as session:
        requests = SimpleNamespace(get=session.get, post=session.post)
        yield {"requests": requests, "API_BASE_URL": made.gateway.url, "client": made.gateway.client(max_retries=0)}


def in_place(sample: str, made: Bed) -> str:
    """The sample with our address and keys in the places of the document's."""
    key = made.gateway.issued[0] if made.gateway.issued else made.gateway.user_key()
    words = {
        PLACE: made.gateway.url,
        "your-generated-user-key": key,
        "your-user-key": key,
        "your-gemini-api-key": made.simulator.keys()[0],
    }
    for word, ours in words.items():
        sample = sample.replace(word, ours)
    return sample


def test_the_document_has_the_samples_we_know() -> None:
    assert (len(samples("python")), len(samples("bash"))) == (9, 4)


@pytest.mark.parametrize("sample", samples("python"), ids=title)
def test_python_samples_run(sample: str, made: Bed, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    code = compile(in_place(sample, made), title(sample), "exec")
    if "thinking_config={" in sample:
        # The official SDK refuses arguments that it does not know, whatever the server takes.
        with pytest.raises(TypeError, match="thinking_config"):
            exec(code, names)
        sample = sample.replace("thinking_config={", 'extra_body={"thinking_config": {').rstrip().removesuffix(")") + "})"
        code = compile(in_place(sample, made), title(sample), "exec")
    exec(code, names)
    printed = capsys.readouterr().out
    assert "print(" not in sample or printed.strip()
    if isinstance(answer := names.get("response"), httpx2.Response):
        assert answer.status_code == 200 and answer.json()["success"] is True, answer.text
    for name in ("debug_info", "metrics", "status", "health", "stats"):
        assert names.get(name) is None or "detail" not in names[name], names[name]


@pytest.mark.parametrize("sample", samples("bash"), ids=title)
def test_curl_samples_run(sample: str, made: Bed, tmp_path: Path) -> None:
    # What every admin call needs here comes in by curl's own configuration; the command stays as it is.
    if "/admin/" in sample:
        header = f'header = "Authorization: Bearer {made.gateway.admin_token}"\n'
        (tmp_path / ".curlrc").write_text(header + "fail-with-body\n")
    else:
        (tmp_path / ".curlrc").write_text("fail-with-body\n")
    script = in_place(sample, made)
    environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout, f"{script}\n{done.stdout}\n{done.stderr}"
    if "user-key" in sample and "/admin/" in sample:
        issued = json.loads(done.stdout)
        assert issued["success"] and issued["name"] == "My API Key"
        made.gateway.issued.append(issued["key"])
    if '"stream": true' in sample:
        assert "data: [DONE]" in done.stdout


def test_what_the_samples_set_is_in_force(made: Bed, names: dict[str, Any]) -> None:
    settings = [sample for sample in samples("python") if "/admin/config/" in sample]
    assert len(settings) == 2
    for sample in settings:
        exec(compile(in_place(sample, made), title(sample), "exec"), names)
    client: OpenAI = names["client"]
    ask = [{"role": "user", "content": "Hello"}]
    client.chat.completions.create(model="gemini-2.5-flash", messages=ask)
    sent = made.simulator.last_body()
    assert sent["generationConfig"]["thinkingConfig"] == {"includeThoughts": False, "thinkingBudget": 16384}
    assert "专业的AI助手" in sent["systemInstruction"]["parts"][0]["text"]
    stats = names["requests"].get(f"{made.gateway.url}/admin/stats").json()
    assert stats["thinking_config"] == {"enabled": True, "budget": 16384, "include_thoughts": False}
    assert stats["inject_config"]["position"] == "system"


def test_both_strategies_of_the_document_work(made: Bed, names: dict[str, Any]) -> None:
    [sample] = [sample for sample in samples("python") if "strategies = " in sample]
    exec(compile(sample, title(sample), "exec"), names)
    for strategy in names["strategies"]:
        made.gateway.admin("POST", "/config/load-balance", {"load_balance_strategy": strategy})
        before = made.simulator.calls()
        for _ in range(8):
            names["client"].chat.completions.create(model="gemini-2.5-flash", messages=[{"role": "user", "content": "Hi"}])
        spread = made.simulator.calls() - before
        assert sum(spread.values()) == 8 and max(spread.values()) <= 4, (strategy, spread)


def test_unknown_models_and_wrong_types_are_said(made: Bed) -> None:
    answer = made.gateway.http.post(
        f"{made.gateway.url}/admin/config/thinking",
        json={"enabled": "false"},
        headers={"Authorization": f"Bearer {made.gateway.admin_token}"},
    )
    assert answer.status_code == 422 and "`enabled`" in answer.json()["detail"]
    with pytest.raises(openai.NotFoundError):
        made.gateway.client(max_retries=0).chat.completions.create(model="nope", messages=[{"role": "user", "content": "Hi"}])
