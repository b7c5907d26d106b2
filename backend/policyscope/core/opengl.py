"""What MuJoCo may draw with. It cannot even be imported when ``MUJOCO_GL`` names what is not there.

So drawing is then switched off: runs need no pictures, and whoever asks for one is told what is missing.
"""

from __future__ import annotations

from collections.abc import Callable

OFF = "disabled"
_LIBRARIES = {
    "egl": (("libEGL.so.1",), "libegl1"),
    "osmesa": (("libOSMesa.so.8", "libOSMesa.so.6"), "libosmesa6"),
}
_WITH_A_SCREEN = ("glfw", "glx", "wgl", "cgl")
REMEDY = "Install libegl1 and libgl1 and set MUJOCO_GL=egl, or libosmesa6 and MUJOCO_GL=osmesa."

_fault: str | None = None


def settle(wanted: str, on_linux: bool, loads: Callable[[str], bool]) -> str:
    """The value that ``MUJOCO_GL`` is to have for this process and its children: what is wanted, or off.

    ``loads`` tells whether a shared library of that name can be loaded.
    """
    global _fault
    if _fault is not None:
        return OFF
    backend = wanted.strip().lower()
    _fault = _fault_of(backend, wanted, loads) if on_linux else None
    return OFF if _fault else backend


def fault() -> str | None:
    """Why drawing has been switched off; None when it has not."""
    return _fault


def _fault_of(backend: str, wanted: str, loads: Callable[[str], bool]) -> str | None:
    if backend in _WITH_A_SCREEN:
        return None
    if backend not in _LIBRARIES:
        return f"MUJOCO_GL is {wanted[:40]!r}; allowed are egl, osmesa and, with a screen, glfw. {REMEDY}"
    names, package = _LIBRARIES[backend]
    if any(loads(name) for name in names):
        return None
    return f"MUJOCO_GL={backend} needs {names[0]}, which is not installed: package {package}. {REMEDY}"
