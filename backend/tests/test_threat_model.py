"""The threat model names real tests, and nothing of a file is handed to an unpickler."""

import ast
import re
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1]
PAGE = (BACKEND / "docs" / "threat-model.md").read_text()
FORBIDDEN = {
    ("torch", "load"),
    ("pickle", "load"),
    ("pickle", "loads"),
    ("jit", "load"),
    ("cloudpickle", "loads"),
}


def calls(path: Path) -> set[tuple[str, str]]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            found.add((name, node.func.attr))
    return found


def test_every_test_it_names_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 25
    defined = set()
    for path in (BACKEND / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text())
        defined |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert named <= defined, named - defined


def test_the_package_never_unpickles():
    offenders = {
        str(path): calls(path) & FORBIDDEN
        for path in (BACKEND / "policyscope").rglob("*.py")
        if calls(path) & FORBIDDEN
    }
    assert offenders == {}


def test_the_check_can_fail(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("import torch\ntorch.load('x')\ntorch.jit.load('y')\n")
    assert calls(bad) & FORBIDDEN == {("torch", "load"), ("jit", "load")}
