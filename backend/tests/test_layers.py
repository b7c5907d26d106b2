"""Imports point one way: api, cli -> services -> core, with store and jobs beside. And core does no I/O."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import policyscope

ROOT = Path(policyscope.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ALLOWED = {
    "core": {"core"},
    "store": {"core", "store", "config"},
    "jobs": {"core", "store", "jobs", "services", "config"},
    "services": {"core", "store", "jobs", "services", "config"},
    "api": {"core", "services", "store", "jobs", "api", "config"},
    "cli": {"core", "services", "store", "jobs", "api", "cli", "config"},
    "config": {"core"},
}
NOT_IN_CORE = {"flask", "sqlalchemy", "os", "pathlib", "requests", "socket", "logging", "click"}


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Dotted names that the file imports, absolute."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"{path}:{node.lineno}: relative imports hide the layer; import absolutely"
            )
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(path)
    if layer == "__init__":
        return
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("policyscope.")} - {
        "__version__"
    }
    assert used <= ALLOWED[layer], f"{layer} may not import {used - ALLOWED[layer]}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if layer_of(p) == "core"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_core_does_no_io(path: Path) -> None:
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert not tops & NOT_IN_CORE
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert not calls & {"open", "print", "input"}


def test_the_rule_can_fail(tmp_path: Path) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text("from policyscope.api import app\nimport os\n")
    assert {"policyscope.api", "policyscope.api.app", "os"} <= imports_of(probe)


def test_only_config_reads_the_environment() -> None:
    readers = [p for p in FILES if "os.environ" in p.read_text() or "getenv" in p.read_text()]
    assert {p.name for p in readers} <= {"config.py"}
