"""Test 2: what runs code of a file when it opens it is nowhere in the package, not even where files are read.

Names are followed through imports (``from torch import load as open_it``), and naming a function counts as
much as calling it. What is chosen at run time by text (``getattr(torch, name)``) is not seen here; the corpus
of test 1 is what holds against that.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "policyscope"
FAMILIES = {
    "torch.load": ("torch.load", "torch.serialization"),
    "unpicklers": (
        *("pickle.load", "pickle.loads", "pickle.Unpickler", "_pickle", "cPickle", "cloudpickle", "dill"),
        *("joblib.load", "shelve", "marshal", "pandas.read_pickle", "numpy.core.multiarray._reconstruct"),
    ),
    "SB3 .load": ("stable_baselines3.*.load", "sb3_contrib.*.load"),
    "torch.jit.load": (
        "torch.jit.load",
        "torch.jit._load",
        "torch.package",
        "torch.hub",
        "torch.export.load",
    ),
    "numpy with pickles": ("allow_pickle",),
    "code of a text": ("eval", "exec", "compile", "__import__", "yaml.load", "yaml.unsafe_load"),
}
NUMPY_READERS = ("numpy.load", "numpy.lib.format.read_array", "numpy.lib.format.open_memmap")


def names_of(tree: ast.AST) -> dict[str, str]:
    """Local name -> what was imported under it."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """``jit.load`` after ``from torch import jit`` is ``torch.jit.load``; empty for other expressions."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = dotted(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return ""


def matches(name: str, pattern: str) -> bool:
    if ".*." in pattern:
        before, after = pattern.split(".*.")
        return name.startswith(f"{before}.") and name.endswith(f".{after}")
    return name == pattern or name.startswith(f"{pattern}.")


def with_pickles(node: ast.AST, names: dict[str, str]) -> bool:
    """A call with ``allow_pickle`` that is anything but the word False, or with settings not seen here."""
    if not isinstance(node, ast.Call):
        return False
    said = [key.value for key in node.keywords if key.arg == "allow_pickle"]
    unclear = dotted(node.func, names) in NUMPY_READERS and any(key.arg is None for key in node.keywords)
    positional = dotted(node.func, names) == "numpy.load" and len(node.args) > 2
    return unclear or positional or any(not (isinstance(v, ast.Constant) and v.value is False) for v in said)


def families(name: str) -> set[str]:
    return {family for family, patterns in FAMILIES.items() if any(matches(name, p) for p in patterns)}


def of_node(node: ast.AST, names: dict[str, str], sb3: bool) -> set[str]:
    """The families that one expression or import belongs to; ``sb3``: the file imports Stable-Baselines3."""
    if isinstance(node, ast.Call):
        return {"numpy with pickles"} if with_pickles(node, names) else set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        return set().union(*(families(name) for name in names_of(node).values()))
    if not isinstance(node, ast.Name | ast.Attribute):
        return set()
    name = dotted(node, names)
    known = name.partition(".")[0] in ("json", "safetensors", "numpy")
    in_a_variable = sb3 and isinstance(node, ast.Attribute) and node.attr == "load" and not known
    return families(name) | ({"SB3 .load"} if in_a_variable else set())


def offences(source: str) -> Iterator[tuple[str, int]]:
    """Family and line of everything in ``source`` that could run code of a file."""
    tree = ast.parse(source)
    names = names_of(tree)
    sb3 = any(name.startswith(("stable_baselines3", "sb3_contrib")) for name in names.values())
    for node in ast.walk(tree):
        for family in of_node(node, names, sb3):
            yield family, node.lineno  # type: ignore[attr-defined]


def test_nothing_in_the_package_could_run_code_of_a_file(record):
    found = {family: set() for family in FAMILIES}
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 200
    for path in files:
        for family, line in offences(path.read_text()):
            found[family].add(f"{path.relative_to(PACKAGE)}:{line}")
    for family, places in found.items():
        record(f"2 {family} in {len(files)} files", "0", str(len(places)))
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("import torch\ntorch.load('x')", "torch.load"),
        ("import torch as t\nopen_it = t.load", "torch.load"),
        ("from torch import load as open_it\nopen_it('x')", "torch.load"),
        ("from torch import jit\njit.load('x')", "torch.jit.load"),
        ("import torch.jit\ntorch.jit.load('x')", "torch.jit.load"),
        ("import pickle\npickle.loads(b'')", "unpicklers"),
        ("from pickle import Unpickler", "unpicklers"),
        ("import cloudpickle", "unpicklers"),
        ("from stable_baselines3 import PPO\nPPO.load('x')", "SB3 .load"),
        ("import stable_baselines3 as sb3\nmodel = sb3.PPO\nmodel.load('x')", "SB3 .load"),
        ("import numpy as np\nnp.load('x', allow_pickle=True)", "numpy with pickles"),
        ("import numpy as np\nnp.load('x', None, True)", "numpy with pickles"),
        ("import numpy as np\nnp.load('x', **options)", "numpy with pickles"),
        ("eval('1')", "code of a text"),
    ],
)
def test_the_check_can_fail(source, family):
    assert family in {family for family, _ in offences(source)}


@pytest.mark.parametrize(
    "source",
    [
        "import json\njson.load(open('x'))",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "import torch\ntorch.save({}, 'x')",
        "model.eval()",
    ],
)
def test_the_check_leaves_the_rest_alone(source):
    assert list(offences(source)) == []
