"""Hostile names and files: nothing outside the root is ever read, and nothing hangs."""

import os
import time

import pytest

from policyscope.core.errors import InvalidInput, LimitExceeded, NotFound
from policyscope.store.paths import read_regular, resolve_inside

HOSTILE = [
    "",
    " ",
    ".",
    "./",
    "..",
    "../",
    "../..",
    "a/..",
    "a/../..",
    "a/../../etc",
    "/",
    "/etc",
    "//etc",
    "/etc/passwd",
    "~",
    "~root",
    "\\\\host\\share",
    "..\\..",
    "C:\\x",
    "a\\b",
    "a\x00b",
    "\x00",
    "a\nb",
    "a\rb",
    "\x1b[2J",
    "\x7f",
    "link_out",
    "link_out/secret",
    "link_file",
    "nested/link_up",
    "nested/link_up/..",
    "loop",
    "loop/x",
    "x" * 513,
    "x" * 300,
    "\ud800",
    "/proc/self/environ",
    "/dev/zero",
    "../" * 40 + "etc/passwd",
    "a/./../../b",
]


@pytest.fixture
def root(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    root = tmp_path / "artifacts"
    (root / "nested").mkdir(parents=True)
    (root / "a").mkdir()
    (root / "link_out").symlink_to(outside)
    (root / "link_file").symlink_to(outside / "secret")
    (root / "nested" / "link_up").symlink_to("../..")
    (root / "loop").symlink_to("loop")
    return root


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_lead_out_are_refused(root, name):
    with pytest.raises(InvalidInput) as caught:
        read_regular(resolve_inside(root, name), 100)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", ["a", "nested", "not_there_yet", "a b", "é", "...", "a..b", "nested/new"])
def test_ordinary_names_stay_inside(root, name):
    assert resolve_inside(root, name).is_relative_to(root.resolve())


def test_a_link_that_stays_inside_is_followed(root):
    (root / "alias").symlink_to("a")
    assert resolve_inside(root, "alias") == (root / "a").resolve()


def test_a_fifo_is_refused_at_once(root):
    os.mkfifo(root / "pipe")
    start = time.monotonic()
    with pytest.raises(InvalidInput, match="regular file"):
        read_regular(root / "pipe", 100)
    assert time.monotonic() - start < 30.0  # opening it would wait for ever


@pytest.mark.parametrize("name", ["a", "link_file"])
def test_directories_and_links_are_not_files(root, name):
    with pytest.raises(InvalidInput, match="regular file"):
        read_regular(root / name, 100)


def test_devices_are_not_files():
    from pathlib import Path

    with pytest.raises(InvalidInput, match="regular file"):
        read_regular(Path("/dev/zero"), 100)


def test_the_size_limit_is_checked_before_reading(root):
    with (root / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(LimitExceeded, match="at most 100"):
        read_regular(root / "sparse", 100)


def test_missing_files_are_named_without_the_root(root):
    with pytest.raises(NotFound) as caught:
        read_regular(root / "nested" / "walker_sae.pt", 100, "nested/walker_sae.pt")
    assert caught.value.message == "nested/walker_sae.pt does not exist."
