"""Test 20: the container files. No engine is needed, and none is pretended: nothing is built here."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml
from forms import both

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(sysconfig.get_path("scripts"))
DOCKERFILES = ("backend/Dockerfile", "frontend/Dockerfile")
COMPOSE = ROOT / "docker-compose.yml"


def lint(path: Path) -> list[str]:
    """What hadolint says of a Dockerfile, at every level."""
    command = [PROGRAMS / "hadolint", "--no-fail", "--format", "json", path]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return [f"{one['line']}: {one['code']} {one['message']}" for one in json.loads(found.stdout)]


def not_compose(*paths: Path) -> set[str]:
    """Names of the files that do not keep to the Compose specification's schema."""
    command = [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "-o", "json", *paths]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(found.stdout)
    assert found.returncode == (told["status"] != "ok")
    return {Path(one["filename"]).name for one in told["errors"]}


def instructions(path: Path) -> list[tuple[str, str]]:
    """(word, arguments) of every line of a Dockerfile, continued lines together."""
    text = re.sub(r"\\\n\s*", " ", path.read_text())
    lines = (line.partition(" ") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(word.upper(), rest.strip()) for word, _, rest in lines]


@both
def test_the_containers_have_no_warnings(tmp_path, full, record):
    warnings = [warning for name in DOCKERFILES for warning in lint(ROOT / name)]
    record("20 hadolint on both Dockerfiles", "0 warnings", f"{len(warnings)} warnings")
    assert warnings == []
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN apt-get install curl\nRUN cd / && sudo ls\n")
    assert len(lint(tmp_path / "Dockerfile")) >= 4, "the linter finds something where there is something"


@both
def test_the_compose_file_keeps_to_its_schema(tmp_path, full, record):
    changes = {
        "misspelt.yml": lambda services: services["api"].update(enviroment={}),
        "ports.yml": lambda services: services["api"].update(ports="5000:5000"),
        "user.yml": lambda services: services["api"].update(user=["root"]),
        "text.yml": lambda services: services.update(api="policyscope"),
        "same.yml": lambda services: None,
    }
    for name, change in changes.items():
        changed = yaml.safe_load(COMPOSE.read_text())
        change(changed["services"])
        (tmp_path / name).write_text(yaml.safe_dump(changed))
    wrong = not_compose(COMPOSE, *(tmp_path / name for name in changes))
    assert wrong == set(changes) - {"same.yml"}
    told = "valid, and 4 wrong ones not"
    record("20 docker-compose.yml against the schema of Compose", told, told)


@pytest.mark.parametrize("name", DOCKERFILES)
def test_nothing_runs_as_root(name):
    found = instructions(ROOT / name)
    last_stage = max(i for i, (word, _) in enumerate(found) if word == "FROM")
    users = [rest for word, rest in found[last_stage:] if word == "USER"]
    assert users, "a USER in the stage that is run"
    assert users[-1].isdigit(), "a number, so that an orchestrator can see that it is not root"
    assert int(users[-1]) >= 1000
    started = [i for i, (word, _) in enumerate(found) if word in ("CMD", "ENTRYPOINT")]
    assert min(started) > max(i for i, (word, _) in enumerate(found) if word == "USER")


def test_no_service_is_made_root_or_privileged():
    for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items():
        user = str(service.get("user", ""))
        assert not user.startswith(("0", "root")), name
        assert not service.get("privileged"), name
        assert service.get("network_mode") != "host", name
        assert not [volume for volume in service.get("volumes", []) if "docker.sock" in str(volume)], name


def test_no_secret_is_baked_in():
    for name in DOCKERFILES:
        text = (ROOT / name).read_text()
        assert not re.search(r"TOKEN|PASSWORD|SECRET|ADD https?:", text), name
    ignored = (ROOT / ".dockerignore").read_text()
    assert "artifacts" in ignored or "**" in ignored
