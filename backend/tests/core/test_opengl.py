"""Machines that cannot draw: runs play on, and whoever wants a picture is told which package is missing."""

import os
import subprocess
import sys

import pytest

from policyscope.core import opengl

TOLD = """
from policyscope.config import render_without_a_display
render_without_a_display()
from policyscope.core.envs import get_env, make_env
env = make_env("Walker2d-v5")
env.reset(seed=0)
env.step(env.action_space.sample())
print(get_env("Walker2d-v5").render_note)
"""


def told(**settings: str) -> str:
    env = {name: value for name, value in os.environ.items() if name not in ("MUJOCO_GL", "DISPLAY")}
    child = subprocess.run(
        [sys.executable, "-c", TOLD], env=env | settings, capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def test_a_backend_that_nobody_knows_is_named_and_the_environment_still_plays():
    note = told(MUJOCO_GL="nonsense")
    assert note.startswith("MUJOCO_GL is 'nonsense'; allowed are egl, osmesa")
    assert "Install libegl1" in note


@pytest.mark.parametrize(
    ("backend", "library", "package"),
    [("egl", "libEGL.so.1", "libegl1"), ("osmesa", "libOSMesa.so.8", "libosmesa6")],
)
def test_a_backend_that_is_not_installed_is_off_and_its_package_named(monkeypatch, backend, library, package):
    monkeypatch.setattr(opengl, "_fault", None)
    assert opengl.settle(f" {backend.upper()}", on_linux=True, loads=lambda _name: False) == opengl.OFF
    assert opengl.settle("glfw", on_linux=True, loads=lambda _name: True) == opengl.OFF  # settled once
    assert f"{library}, which is not installed: package {package}" in opengl.fault()


@pytest.mark.parametrize("backend", ["egl", "osmesa", "glfw"])
def test_what_is_there_is_used(monkeypatch, backend):
    monkeypatch.setattr(opengl, "_fault", None)
    assert opengl.settle(backend.upper(), on_linux=True, loads=lambda _name: True) == backend
    assert opengl.fault() is None
