"""The one table of kinds. A kind names the function that does the work, so that any process can find it.

The function takes the artifact store and the job's frozen spec, publishes the job's ``output`` in the store
and is a ``Work``: a generator of progress.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from policyscope.core.progress import Work
from policyscope.store.artifacts import ArtifactStore

Task = Callable[[ArtifactStore, Mapping[str, Any]], Work[None]]
Kinds = Mapping[str, str]

KINDS: Kinds = {
    "analysis": "policyscope.services.analyses:perform",
    "clustering": "policyscope.services.clusterings:perform",
    "report": "policyscope.services.reports:perform",
    "run": "policyscope.services.rollouts:perform",
    "dose_response": "policyscope.services.effects.dose_response:perform",
    "scan": "policyscope.services.effects.scan:perform",
    "calibration": "policyscope.services.effects.calibration:perform",
    "sweep": "policyscope.services.sweeps.work:perform",
    "training": "policyscope.services.training:perform",
    "video": "policyscope.services.videos:perform",
    "workspace_export": "policyscope.services.transfer.exporting:perform",
}


def find_task(entry: str) -> Task:
    """The function that ``"package.module:function"`` names."""
    module, _, name = entry.partition(":")
    task: Task = getattr(import_module(module), name)
    return task
