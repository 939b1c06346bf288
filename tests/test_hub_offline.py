"""From the Hub to a painted picture without it: the program itself, the real client, its environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.hub_server import HubServer, Repository

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "weights" / "rltn-small"


def rltn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "rltn_cli", *arguments, **environment)


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        command, env=kept | environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_download_cut_resume_verify_and_colorize_offline(tmp_path: Path) -> None:
    environment = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1"}
    with HubServer() as hub:
        environment["HF_ENDPOINT"] = hub.url
        repository = hub.repositories["org/small"] = Repository(private=True)
        commit = repository.commit({path.name: path.read_bytes() for path in MODEL.iterdir()})
        refused = rltn("models", "download", "org/small", **environment)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "or a private one; check the name, or set HF_TOKEN" in refused.stderr
        hub.log.clear()
        hub.cut = [11_000_000]  # the client keeps whole pieces of 10 MiB
        done = rltn("models", "download", "org/small", "--json", HF_TOKEN=hub.token, **environment)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        facts = json.loads(done.stdout)
        assert (facts["revision"], facts["bytes"]) == (commit, (MODEL / "model.safetensors").stat().st_size)
        assert Path(facts["path"]).is_relative_to(tmp_path / "home")
        spans = [span for method, path, span in hub.log if "/storage/" in path]
        assert spans == [None, f"bytes={10 << 20}-"]
        hub.log.clear()
        verify = ["models", "verify", "org/small", "--offline", "--json"]
        command = ["colorize", "examples/drawing.png", "-r", "examples/reference.png", "--json"]
        command += ["-m", "org/small", "-o", str(tmp_path / "painted.png"), "--size", "128"]
        both = f"from rltn_cli.cli import run; raise SystemExit(run({verify}) or run({command}))"
        used = python("-c", both, HF_HUB_OFFLINE="1", **environment)
        assert used.returncode == 0, used.stderr
        assert hub.log == []
    decoder = json.JSONDecoder()
    sound, end = decoder.raw_decode(used.stdout)
    painted, _ = decoder.raw_decode(used.stdout[end:].lstrip())
    assert sound["revision"] == painted["model_revision"] == commit
    assert (tmp_path / "painted.png").stat().st_size > 10_000


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
def test_without_the_hub_the_reason_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    result = rltn("models", "info", "org/small", HF_HOME=str(tmp_path), **environment)
    assert (result.returncode, result.stdout) == (1, "")
    reason = "it is not in the cache" if "HF_HUB_OFFLINE" in environment else "the Hub cannot be reached"
    assert result.stderr == (
        f"rltn: org/small: no such folder here, and {reason}"
        f"{'' if 'HF_HUB_OFFLINE' in environment else ' or the connection broke'}"
        "; check the name and the connection\n"
    )
