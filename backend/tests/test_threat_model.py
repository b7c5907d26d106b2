"""The threat model names real tests."""

import ast
import re
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1]
PAGE = (BACKEND / "docs" / "threat-model.md").read_text()


def test_every_test_it_names_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 25
    defined = set()
    for path in (BACKEND / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text())
        defined |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert named <= defined, named - defined
