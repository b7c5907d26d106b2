"""The tree in the README is true: every path in it exists, and no package of the product is missing."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def tree_paths() -> list[str]:
    block = (REPOSITORY / "README.md").read_text().split("## The tree")[1].split("```")[1]
    paths, stack = [], []
    for line in block.strip("\n").splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        stack = [*stack[:depth], name]
        paths.append("".join(stack))
    return paths


def test_every_path_exists() -> None:
    paths = tree_paths()
    assert len(paths) > 15
    assert [p for p in paths if not (REPOSITORY / p).exists()] == []


def test_every_package_is_listed() -> None:
    package = REPOSITORY / "backend" / "policyscope"
    folders = {f"backend/policyscope/{p.name}/" for p in package.iterdir() if (p / "__init__.py").exists()}
    assert folders <= set(tree_paths())


def test_top_level_is_what_it_says() -> None:
    visible = {p.name for p in REPOSITORY.iterdir() if not p.name.startswith(".")}
    assert visible == {"backend", "frontend", "artifacts", "docker-compose.yml", "Makefile", "README.md"}
