"""Evidence bundles: one file with everything a run needs to be computed again, and the check that it gives
the same numbers.

A bundle is a small artifact store in a zip: the policy and how it was corrected to act, the SAE with its
cached data, and the run, beside ``bundle.json`` with hashes, versions, seeds and arms. Verifying plays the
run again from the bundle alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as parse_safetensors

from policyscope.core.errors import Conflict, InvalidInput, UnsupportedFile
from policyscope.core.progress import Progress, Work
from policyscope.core.zip_bytes import DAMAGE, read_member
from policyscope.jobs.kinds import KINDS, find_task
from policyscope.services import loaded, rollouts, runs
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import MANIFEST, ArtifactStore
from policyscope.store.records import RUN, Json, RunRow, require

FORMAT, INDEX = "policyscope-bundle/1", "bundle.json"
MOST_BYTES, MOST_FILES = 2 << 30, 200
SHOWN = 20
JOB_KINDS = {"comparison": "run"} | {kind: kind for kind in ("dose_response", "scan", "calibration")}
_NAME = re.compile(r"(models|saes|runs|acting)/[A-Za-z0-9_]{1,80}/[A-Za-z0-9_][A-Za-z0-9_.]{0,79}")
_STAMP = (1980, 1, 1, 0, 0, 0)  # the same run always gives the same file


def export(ws: Workspace, run_id: str) -> bytes:
    """The bundle of a finished run. Raises NotFound, or Conflict before it is done."""
    run = runs.get(ws, run_id)
    if run["state"] != "done":
        raise Conflict(f"Run {run_id} is {run['state']}; its evidence can be exported when it is done.")
    with ws.records.read() as session:
        row = require(session, RunRow, run_id, RUN)
    contents = dict(_contents(ws.store, row.request))
    index = {
        "format": FORMAT,
        "run_id": run_id,
        "kind": run["kind"],
        "command": f"policyscope verify {run_id}.zip",
        "created_at": row.created_at,
        "sentence": run["sentence"],
        "spec": row.request,
        "provenance": row.provenance,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(contents.items())},
    }
    contents[INDEX] = json.dumps(index, indent=1, allow_nan=False).encode()
    return _zipped(contents)


def _contents(store: ArtifactStore, spec: Json) -> Iterator[tuple[str, bytes]]:
    others = [arm for arm in spec["arms"] if arm.get("model_id")]
    players = {player["model_id"] for player in (spec, *others)}
    corrections = {player["activation"].partition("+")[2] for player in (spec, *others)} - {""}
    names = [*map(loaded.model_name, sorted(players)), spec["output"]]
    names += map(loaded.correction_name, sorted(corrections))
    names += [f"saes/{spec['sae_content']}"] if spec["sae_content"] else []
    for name in names:
        for file in [*store.files(name), MANIFEST]:
            yield f"{name}/{file}", store.read(name, file)


def _zipped(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(contents):
            archive.writestr(zipfile.ZipInfo(name, _STAMP), contents[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def verify(path: Path) -> Work[Json]:
    """Check a bundle's hashes, play it again, and compare every number.

    Returns run_id, kind, identical, differences (sentences), versions (those that differ). Raises
    UnsupportedFile when the file is no bundle or was changed after it was made.
    """
    contents = _read(path)
    index = _index(contents)
    return _replayed(index, contents)


def _replayed(index: Json, contents: Mapping[str, bytes]) -> Work[Json]:
    spec, kind = index["spec"], index["kind"]
    with tempfile.TemporaryDirectory(prefix="policyscope-verify-") as directory:
        store = ArtifactStore(Path(directory))
        for name, data in contents.items():
            target = Path(directory) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        again = f"{spec['output']}_again"
        yield from find_task(KINDS[JOB_KINDS[kind]])(store, {**spec, "output": again})
        yield Progress(1, 1, "comparison", "comparing")
        files = store.files(spec["output"])
        differences = [line for file in files for line in _differences(store, spec["output"], again, file)]
    return {
        "run_id": index["run_id"],
        "kind": kind,
        "sentence": index["sentence"],
        "identical": not differences,
        "compared": files,
        "differences": differences[:SHOWN],
        "versions": _other_versions(index["provenance"]),
    }


def _other_versions(provenance: Json) -> list[str]:
    """Sentences about packages that are not those of the run."""
    now: Json = {**rollouts.versions(), "arithmetic": rollouts.arithmetic()}
    then: Json = {**provenance["versions"], "arithmetic": provenance["arithmetic"]}
    return [
        f"{name} is {now.get(name)} here and was {then[name]}."
        for name in then
        if now.get(name) != then[name]
    ]


def _differences(store: ArtifactStore, name: str, again: str, file: str) -> list[str]:
    if file not in store.files(again):
        return [f"{file} was not made again."]
    before, after = store.read(name, file), store.read(again, file)
    if before == after:
        return []
    if file.endswith(".json"):
        return [f"{file}: {line}" for line in _unlike(json.loads(before), json.loads(after))]
    if file.endswith(".safetensors"):
        return [f"{file}: {line}" for line in _unlike_arrays(before, after)]
    return [f"{file} differs."]


def _unlike(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """Where two JSON values differ, by path."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _unlike(before.get(key), after.get(key), f"{where}.{key}" if where else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _unlike(one, other, f"{where}[{index}]")
    elif before != after:
        yield f"{where} was {str(before)[:60]} and is {str(after)[:60]}."


def _unlike_arrays(before: bytes, after: bytes) -> Iterator[str]:
    one, other = parse_safetensors(before), parse_safetensors(after)
    for name in sorted(one.keys() | other.keys()):
        a, b = one.get(name), other.get(name)
        if a is None or b is None or a.shape != b.shape:
            yield f"{name} has another shape."
        elif not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
            gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
            yield f"{name} differs in {int((gap > 0).sum())} numbers, by up to {float(np.nanmax(gap)):.3g}."


def _read(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise InvalidInput(f"{path.name} unpacks to more than a bundle can hold.")
            names = [entry.filename for entry in entries]
            strange = [name for name in names if name != INDEX and not _NAME.fullmatch(name)]
            if strange or INDEX not in names or len(set(names)) != len(names):
                raise _no_bundle(path.name)
            return {entry.filename: read_member(archive, entry) for entry in entries}
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {path}.") from error
    except DAMAGE as error:
        raise _no_bundle(path.name) from error


def _index(contents: dict[str, bytes]) -> Json:
    """``bundle.json``, taken out of ``contents`` and checked against the rest."""
    index: Json = json.loads(contents.pop(INDEX))
    if index.get("format") != FORMAT or index.get("kind") not in JOB_KINDS:
        raise UnsupportedFile(
            f"The bundle has format {index.get('format')!r} and kind {index.get('kind')!r}; "
            f"{FORMAT} is read here."
        )
    found = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    changed = sorted(
        name for name in found.keys() | index["files"].keys() if found.get(name) != index["files"].get(name)
    )
    if changed:
        raise UnsupportedFile(
            f"The bundle was changed after it was made: {', '.join(changed[:5])} "
            f"{'does' if len(changed) == 1 else 'do'} not match the hashes in {INDEX}.",
            code="changed",
        )
    return index


def _no_bundle(name: str) -> UnsupportedFile:
    return UnsupportedFile(f"{name} is not an evidence bundle: `policyscope export run <id>` makes one.")
