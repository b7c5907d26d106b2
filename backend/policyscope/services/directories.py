"""Artifacts directories: finding them below the artifacts root and reading their files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from policyscope.core.envs import get_env
from policyscope.core.errors import Busy, InvalidInput, LimitExceeded, NotFound, PolicyscopeError
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.sae import SAE
from policyscope.services import cached_data, loaded, quarantine
from policyscope.services.cached_data import Cached
from policyscope.services.workspace import Workspace
from policyscope.store.paths import is_regular, read_regular, resolve_directory
from policyscope.store.records import MODEL, Json, ModelRow, require

SAE_FILE, OBS_FILE, ACTIVATIONS_FILE = "walker_sae.pt", "cached_obs.pt", "tapped_activations.pt"
EPISODES_FILE, MANIFEST_FILE = "episodes.safetensors", "manifest.json"
HDF5_ENDINGS = (".hdf5", ".h5")
NEEDED = (SAE_FILE, OBS_FILE, ACTIVATIONS_FILE)
ARRAY_ENDINGS = (".pt", ".npy", ".npz", ".safetensors", ".hdf5", ".h5")
MINARI_FILES = ("data/main_data.hdf5", "main_data.hdf5", "cached_obs/data/main_data.hdf5")
"""Where a Minari dataset may lie: in its own directory with an SAE beside, as its file, or as cached_obs."""
SAE_LIMIT, EPISODES_LIMIT, MANIFEST_LIMIT = 256 << 20, 1 << 30, 1 << 20
MOST_DIRECTORIES = 200
TRAIN_IT = "Train one with bc_sae_walker_demo.py, or name a directory that holds one."


@dataclass(frozen=True)
class Directory:
    """A directory below the artifacts root, under the name the user knows it by."""

    path: Path
    name: str

    def has(self, file: str) -> bool:
        path = self.path / file
        return is_regular(path) and path.parent.resolve().is_relative_to(self.path)

    def array_file(self, file: str) -> str | None:
        """The name under which ``file`` is there; arrays may have any of ARRAY_ENDINGS, an SAE ``.pt``."""
        stem = file.removesuffix(".pt")
        endings = (".pt",) if file == SAE_FILE else ARRAY_ENDINGS
        names = [stem + ending for ending in endings]
        if file == OBS_FILE:
            names += MINARI_FILES
        return next((name for name in names if self.has(name)), None)

    def read(self, file: str, limit: int) -> bytes:
        return read_regular(self.path / file, limit, f"{self.name}/{file}")

    def manifest(self) -> Json:
        """What the pipeline recorded; empty when there is no manifest. Raises InvalidInput when damaged."""
        if not self.has(MANIFEST_FILE):
            return {}
        try:
            manifest = json.loads(self.read(MANIFEST_FILE, MANIFEST_LIMIT))
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{self.name}/{MANIFEST_FILE} is not valid JSON.") from error
        return manifest if isinstance(manifest, dict) else {}

    def env(self) -> str | None:
        env = self.manifest().get("env")
        return env if isinstance(env, str) else self._minari_env()

    def _minari_env(self) -> str | None:
        """The environment of a Minari dataset, where it is one of ours."""
        place = next((name for name in MINARI_FILES if self.has(name)), None)
        about = f"{place}".replace("main_data.hdf5", "metadata.json")
        if place is None or not self.has(about):
            return None
        try:
            found = json.loads(json.loads(self.read(about, MANIFEST_LIMIT))["env_spec"])["id"]
            return get_env(found).id if isinstance(found, str) else None
        except (ValueError, RecursionError, KeyError, TypeError, InvalidInput):
            return None  # a dataset may lack all of it, and the environment can be chosen for a run


def find(ws: Workspace, name: str) -> Directory:
    """The artifacts directory called ``name``. Raises InvalidInput (path_not_allowed) or NotFound."""
    path = resolve_directory(ws.settings.artifacts, name)
    directory = Directory(path, name.rstrip("/"))
    if not path.is_dir():
        message = f"SAE not found: there is no directory '{name}' below the artifacts root. {TRAIN_IT}"
        raise NotFound(message, code="sae_not_found", fields={"artifacts_dir": message})
    return directory


def read_sae(directory: Directory) -> SAE:
    """The SAE of a directory. Raises NotFound with the guide's words, and as ``quarantine.open_sae``."""
    shown = f"{directory.name}/{SAE_FILE}"
    try:
        return quarantine.open_sae({shown: directory.read(SAE_FILE, SAE_LIMIT)})
    except NotFound as error:
        message = f"SAE not found: there is no {shown} below the artifacts root. {TRAIN_IT}"
        raise NotFound(message, code="sae_not_found", fields={"artifacts_dir": message}) from error


def read_data(directory: Directory, into: Path) -> Cached | None:
    """The cached observations and activations, copied to ``into``; None when either file is missing.

    Of a Minari dataset the observations are enough. Raises InvalidInput or LimitExceeded when they are there
    and cannot be used.
    """
    observations, activations = map(directory.array_file, (OBS_FILE, ACTIVATIONS_FILE))
    if observations is None or (activations is None and not observations.endswith(HDF5_ENDINGS)):
        return None
    found = _read(directory, observations, "observations", into)
    if found.is_minari:
        return found
    if activations is None:
        return None
    tapped = _read(directory, activations, "activations", into)
    return Cached({**found.columns, **tapped.columns, **_episodes(directory)})


def _read(directory: Directory, file: str, wanted: str, into: Path) -> Cached:
    return cached_data.read_file(directory.path / file, f"{directory.name}/{file}", wanted, into)


def missing_data(directory: Directory) -> list[str]:
    """Files of NEEDED that are not there; a Minari dataset needs no activations."""
    missing = [file for file in NEEDED if directory.array_file(file) is None]
    minari = directory.array_file(OBS_FILE) in MINARI_FILES
    return [file for file in missing if not (minari and file == ACTIVATIONS_FILE)]


def _episodes(directory: Directory) -> Mapping[str, np.ndarray]:
    """Episode, step, action and reward of every row, where we collected the data ourselves."""
    if not directory.has(EPISODES_FILE):
        return {}
    shown = f"{directory.name}/{EPISODES_FILE}"
    return quarantine.open_episodes(directory.read(EPISODES_FILE, EPISODES_LIMIT), shown)


def list_directories(ws: Workspace, model_id: str | None) -> Json:
    """Directories that hold at least one of the needed files, and whether they fit the model asked about."""
    spec = None
    if model_id is not None:
        with ws.records.read() as session:
            spec = loaded.current_spec(ws.store, require(session, ModelRow, model_id, MODEL))
    described = [_describe(directory, spec) for directory in _candidates(ws)]
    return {"root": ws.settings.artifacts.name, "directories": described}


def _candidates(ws: Workspace) -> Iterator[Directory]:
    root = ws.settings.artifacts
    first = [path for path in sorted(root.iterdir()) if _is_open(path) and path != ws.settings.store]
    second = [inner for path in first for inner in sorted(path.iterdir()) if _is_open(inner)]
    found = 0
    for path in (*first, *second):
        directory = Directory(path, str(path.relative_to(root)))
        if found < MOST_DIRECTORIES and len(missing_data(directory)) < len(NEEDED):
            found += 1
            yield directory


def _is_open(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")


def _describe(directory: Directory, spec: PolicySpec | None) -> Json:
    missing = missing_data(directory)
    sae, env, reason = None, None, None
    try:
        env = directory.env()
        sae = _sae_of(directory) if SAE_FILE not in missing else None
    except PolicyscopeError as error:
        reason = error.message
    if sae is None and reason is None:
        reason = f"There is no {SAE_FILE}."
    if spec is not None and sae is not None:
        reason = _misfit(spec, sae, env)
    return {
        "artifacts_dir": directory.name,
        "complete": not missing,
        "missing": missing,
        "d_in": sae.d_in if sae else None,
        "d_latent": sae.d_latent if sae else None,
        "k": sae.k if sae else None,
        "tap_index": sae.tap_index if sae else None,
        "env": env,
        "fits": None if spec is None else reason is None,
        "reason": reason,
    }


def _misfit(spec: PolicySpec, sae: SAE, env: str | None) -> str | None:
    widths = sorted({module.out_features for module in spec.modules})
    if sae.d_in not in widths:
        return f"The SAE reads {sae.d_in} activations; this policy's layers have {widths}."
    try:
        info = get_env(env) if env else None
    except InvalidInput:
        return None  # recorded by another program; the sizes decide
    if info is not None and info.obs_dim != spec.obs_dim:
        return f"It was made on {info.id} with {info.obs_dim} observations; this policy takes {spec.obs_dim}."
    return None


def _sae_of(directory: Directory) -> SAE:
    path = directory.path / SAE_FILE
    status = path.stat()
    if status.st_size > SAE_LIMIT:
        raise LimitExceeded(f"{directory.name}/{SAE_FILE} has {status.st_size:,} bytes; that is too large.")
    found = _read_once(directory, status.st_mtime_ns, status.st_size)
    if isinstance(found, PolicyscopeError):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=MOST_DIRECTORIES)
def _read_once(directory: Directory, _modified: int, _size: int) -> SAE | PolicyscopeError:
    """A refusal is kept too: what cannot be read must not be tried again for every list."""
    try:
        return read_sae(directory)
    except Busy:
        raise
    except PolicyscopeError as error:
        return error
