"""The command line on a tiny artifacts root."""

import json

import pytest
from click.testing import CliRunner

from policyscope.cli import main


@pytest.fixture
def cli(artifacts, monkeypatch):
    """Calls a command and returns what it printed; with ``--json``, the value."""
    monkeypatch.setenv("POLICYSCOPE_ARTIFACTS", str(artifacts))
    monkeypatch.chdir(artifacts.parent)

    def call(*words, status=0):
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == status, result.output
        if status == 0 and "--json" in words:
            return json.loads(result.stdout)
        return result.stdout if status == 0 else result.output

    return call


@pytest.fixture
def model(cli, artifacts):
    """Id of a model with its SAE."""
    made = cli("upload", artifacts / "pendulum_w8" / "imitator.pt", "--json")["id"]
    cli("load-sae", made, "--artifacts_dir", "pendulum_w8")
    return made
