"""An artifacts root full of traps, and the names that lead to them or out of it."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

import tiny

SECRET = "canary-7f3a-of-the-world-outside"
FILES = ("walker_sae.pt", "cached_obs.pt", "tapped_activations.pt", "episodes.safetensors", "manifest.json")
FIFOS = tuple(f"fifo_{name.partition('.')[0]}" for name in FILES)

NAMES = (
    # up and away
    "..", "../", "../..", "../outside", "pendulum/..", "pendulum/../..", "pendulum/../../outside",
    "./../outside", "a/../../outside", "../" * 40 + "etc/passwd", "....//....//outside", "..;/outside",
    ". ./outside", ".", "./", "...", "pendulum/./../../outside",
    # absolute, of other systems, of the shell
    "/", "//", "/etc/passwd", "//etc/passwd", "/proc/self/environ", "/dev/zero", "~", "~root/.ssh",
    "$HOME", "file:///etc/passwd", "http://127.0.0.1/", "..\\..\\outside", "\\\\host\\share", "C:\\x",
    # percent-encoded, twice, and not quite
    "%2e%2e/outside", "%2e%2e%2foutside", "..%2foutside", "%252e%252e%252foutside", "..%c0%afoutside",
    "%00", "..%00/outside", "pendulum%00.pt",
    # bytes and letters
    "\x00", "pendulum\x00/../../outside", "a\nb", "a\r\nX-Evil: 1", "\x1b[2J", "\x7f", "\ud800",
    "．．/outside", "‥/outside", "..∕outside", "\u202e..", "\ufeff../outside", "é" * 200,
    "x" * 300, "x" * 5000,
    # traps below the root
    "out", "out/secret", "nested/up", "nested/up/outside", "loop", "loop/x", "to_secret", "pipe", "socket",
    "device", "sparse", "sparse_sae", "directory_sae", "link_sae", *FIFOS,
    # the server's own
    "store", "store/models", "store/../store", "./store", "STORE", "store/policyscope.sqlite3", ".partial",
    "demo.json", "server.log", "store_link", "store_link/models",
)  # fmt: skip


def build(folder: Path) -> Path:
    """The root ``folder/artifacts`` with ``pendulum`` as the only directory without a trap."""
    root, outside = folder / "artifacts", folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    tiny.write_directory(folder, "outside/walker")
    for path in (folder / "outside/walker").iterdir():
        path.rename(outside / path.name)
    (outside / "manifest.json").write_text(f'{{"env": "{SECRET}"}}')
    tiny.write_directory(root, "pendulum")
    tiny.write_demo_list(root, "pendulum")
    (root / "nested").mkdir()
    links = {"out": outside, "to_secret": outside / "secret", "loop": "loop", "store_link": "store"}
    for name, target in {**links, "nested/up": "../.."}.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(root):
        listener.bind("socket")
    special_saes(root)
    _sparse(root / "sparse")
    return root


def special_saes(root: Path, below: str = "") -> None:
    """Directories in ``root/below`` that are complete but for one file, which is something else."""
    for name, file in zip(FIFOS, FILES, strict=True):
        os.mkfifo(_without(root, below + name, file))
    _without(root, f"{below}directory_sae", FILES[0]).mkdir()
    _without(root, f"{below}link_sae", FILES[0]).symlink_to(root.parent / "outside" / FILES[0])
    _sparse(_without(root, f"{below}sparse_sae", FILES[0]))
    device = _without(root, f"{below}device", FILES[0])
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:  # not root
        device.symlink_to("/dev/zero")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _without(root: Path, name: str, file: str) -> Path:
    tiny.write_directory(root, name)
    (root / name / file).unlink(missing_ok=True)
    return root / name / file


def bundle(folder: Path) -> Path:
    """A built frontend with links that lead out of it."""
    dist = folder / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>policyscope</title>")
    (dist / "assets" / "main.js").write_text("1")
    (dist / "out").symlink_to(folder / "outside")
    (dist / "secret.js").symlink_to(folder / "outside" / "secret")
    os.mkfifo(dist / "pipe.js")
    return dist
