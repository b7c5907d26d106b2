"""Workspaces to import: made by the product, then changed as somebody who means harm would."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

INDEX = "workspace.json"
Json = dict[str, Any]


def parts_of(data: bytes) -> tuple[Json, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop(INDEX)), files


def packed(index: Json, files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """The archive as it is told, whether it makes sense or not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(INDEX, json.dumps(index))
    return buffer.getvalue()


def hashed(index: Json, files: dict[str, bytes]) -> Json:
    """With the right hashes: a forger computes them too."""
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    }
    return {**index, "files": listed}


def forged(data: bytes, change: Callable[[Json, dict[str, bytes]], None]) -> bytes:
    """Changed, with hashes that fit."""
    index, files = parts_of(data)
    change(index, files)
    return packed(hashed(index, files), files)


def export(client, model_id=None):
    accepted = client("POST", "/workspace/export", {"model_id": model_id}, 202)
    job = client.finished(accepted["job_id"])
    assert job["state"] == "done", job
    assert job["result"] == {"export_id": accepted["export_id"]}
    with client.http.get(f"/workspace/export/{accepted['export_id']}") as response:
        return response.data


def take_in(client, data, expect=200):
    form = {"file": (io.BytesIO(data), "workspace.zip")}
    return client("POST", "/workspace/import", expect=expect, data=form)


def filled(client):
    """A model with edits, a correction, an SAE, notes, collections, a view and a run."""
    model = client.with_sae()
    client("POST", f"/model/{model}/perturb", {"key": "net.0.weight", "op": "scale", "value": 1.1})
    client("PATCH", f"/model/{model}/acting", {"squash": "tanh"})
    client("PUT", f"/model/{model}/feature/5/note", {"name": "brake", "tags": ["swing"]})
    client("PUT", f"/model/{model}/collection/bookmarks/feature/5", {"note": "see"})
    wanted = {"name": "swing", "features": [{"feature_idx": 3, "note": "up"}]}
    client("POST", f"/model/{model}/collections", wanted, 201)
    client("POST", f"/model/{model}/sae_perturb", {"feature_idx": 2, "alpha": 1.5})
    run = client.run(model)
    address = f"?model={model}&run={run['id']}&sae={client('GET', f'/model/{model}/saes')['active']}"
    client("POST", "/views", {"name": "the run", "address": address, "model_id": model}, 201)
    return model, run


def without(value, *names):
    return {key: item for key, item in value.items() if key not in names}
