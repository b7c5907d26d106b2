"""Whether ``rgb_array`` works on this machine, found out in a child process because OpenGL may crash."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from typing import Literal

from policyscope.core import opengl

Renderer = Literal["mujoco", "pygame", "drawing"]

_TRY = {"mujoco": "InvertedPendulum-v5", "pygame": "CartPole-v1"}
_REMEDY = {
    "mujoco": opengl.REMEDY,
    "pygame": "Install pygame.",
}
_PROBE = """
import sys
import gymnasium
env = gymnasium.make(sys.argv[1], render_mode="rgb_array")
env.reset(seed=0)
picture = env.render()
assert picture.ndim == 3 and picture.min() != picture.max(), "the picture is blank"
"""


@cache
def why_not(renderer: Renderer) -> str | None:
    """None when pictures can be made; otherwise a sentence with the cause and the remedy. Cached."""
    if renderer == "drawing":  # numpy and Pillow, no display
        return None
    if renderer == "mujoco" and (fault := opengl.fault()):
        return fault
    try:
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _PROBE, _TRY[renderer]],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"A test picture was not finished after two minutes. {_REMEDY[renderer]}"
    if child.returncode == 0:
        return None
    return f"A test picture failed ({_cause(child)}). {_REMEDY[renderer]}"


def _cause(child: subprocess.CompletedProcess[str]) -> str:
    if child.returncode < 0:
        return f"the renderer crashed with signal {-child.returncode}"
    lines = [line for line in child.stderr.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return lines[0][:200] if lines else f"exit status {child.returncode}"
