"""What a user corrects of how a model acts. The file stays as it is; a correction lies beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from policyscope.core.acting import Acting
from policyscope.core.errors import InvalidInput
from policyscope.core.policy_spec import PolicySpec
from policyscope.services import loaded, quarantine, saes
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, require


def get(ws: Workspace, model_id: str) -> Json:
    """How the model acts now, and how its file says. Raises NotFound."""
    with ws.records.read() as session:
        return _described(ws, require(session, ModelRow, model_id, MODEL))


def change(ws: Workspace, model_id: str, changes: Mapping[str, Any]) -> Json:
    """Correct some of it. An attached SAE is examined again. Raises NotFound or InvalidInput."""
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        spec = _runnable(loaded.current_spec(ws.store, row))
        return _keep(ws, session, row, Acting.of(spec).changed(changes))


def attach_normalisation(ws: Workspace, model_id: str, data: bytes, filename: str) -> Json:
    """Normalise observations by a VecNormalize file. Raises also UnsupportedFile or LimitExceeded."""
    transform = quarantine.open_normalisation(data, filename)
    if transform is None:
        raise InvalidInput(f"{filename} normalises rewards only; observations stay as they are.")
    return change(ws, model_id, {"observation": {**vars(transform)}})


def reset(ws: Workspace, model_id: str) -> Json:
    """As the file says. Raises NotFound."""
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        return _keep(ws, session, row, Acting.of(loaded.uploaded(ws.store, row.id)[0]))


def _keep(ws: Workspace, session: Session, row: ModelRow, acting: Acting) -> Json:
    row.correction = keep_correction(ws, loaded.uploaded(ws.store, row.id)[0], acting)
    saes.examine_again(ws, session, row)
    return _described(ws, row)


def keep_correction(ws: Workspace, original: PolicySpec, acting: Acting) -> str | None:
    """Store what differs from how the file says it acts, under its hash; None where nothing does.

    Raises InvalidInput when the numbers do not fit its sizes.
    """
    acting.applied(original)
    if acting == Acting.of(original):
        return None
    correction = name_of(acting)
    files = {loaded.ACTING_FILE: _content(acting)}
    ws.store.publish(loaded.correction_name(correction), dict(files), {"kind": "acting"})
    return correction


def name_of(acting: Acting) -> str:
    """The hash under which a correction is stored."""
    return hashlib.sha256(_content(acting)).hexdigest()[:48]


def _content(acting: Acting) -> bytes:
    return json.dumps(acting.to_json(), sort_keys=True, allow_nan=False).encode()


def _runnable(spec: PolicySpec) -> PolicySpec:
    if spec.architecture_only:
        raise InvalidInput("This model is an architecture without weights: it does not act.")
    return spec


def _described(ws: Workspace, row: ModelRow) -> Json:
    original, now = loaded.uploaded(ws.store, row.id)[0], loaded.current_spec(ws.store, row)
    return {
        **_plain(Acting.of(now)),
        "corrected": row.correction is not None,
        "uploaded": _plain(Acting.of(original)),
        "obs_dim": now.obs_dim,
        "act_dim": now.act_dim,
    }


def _plain(acting: Acting) -> Json:
    """The JSON of the HTTP contract: a range is a word and two lists."""
    described = acting.to_json()
    scaling = described["action_scaling"]
    own = scaling if isinstance(scaling, dict) else None
    return {
        **described,
        "action_scaling": "range" if own else scaling,
        "action_low": own["low"] if own else None,
        "action_high": own["high"] if own else None,
    }


def from_request(request: Json) -> Json:
    """The changes asked for, a range as one value. Raises InvalidInput when the lists do not fit the word."""
    low, high = request.get("action_low"), request.get("action_high")
    changes: Json = {name: request[name] for name in ("squash", "observation") if name in request}
    scaling = request.get("action_scaling")
    if scaling == "range" and (low is None or high is None):
        message = "action_scaling is 'range', which needs action_low and action_high, one number per action."
        raise InvalidInput(message, fields={"action_scaling": message})
    if scaling != "range" and (low is not None or high is not None):
        message = "action_low and action_high are given, which goes with action_scaling 'range' only."
        raise InvalidInput(message, fields={"action_scaling": message})
    if scaling is not None:
        changes["action_scaling"] = {"low": low, "high": high} if scaling == "range" else scaling
    return changes
