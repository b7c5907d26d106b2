"""The statuses that each operation can answer with, written into the OpenAPI document.

What follows from the gate, the parser and the router is derived from the operation itself; the rest is in
MORE. The tests of the API hold every answer against the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policyscope.api.gate import CHANGING

Json = dict[str, Any]
ERROR = {"$ref": "#/components/responses/DEFAULT_ERROR"}
OPEN = "healthz"  # passes the gate without a token
CACHED = {
    206: "The range that was asked for.",
    304: "What the client holds is still right.",
    412: "The precondition does not hold.",
    416: "There is no such range.",
}
BAD, CONFLICT, BUSY = (400,), (409,), (429,)
"""A value that cannot be used in what takes neither a body nor a query; not now; a full queue."""

MORE: Mapping[str, tuple[int, ...]] = {
    "list_measures": BAD,
    "list_demos": BAD,
    "create_from_demo": (*BAD, *BUSY),
    "upload": BUSY,
    "delete_model": CONFLICT,
    "attach_vec_normalize": BUSY,
    "undo": CONFLICT,
    "list_artifacts": (404,),
    "load_sae": BUSY,
    "upload_sae": BUSY,
    "train_sae": (*CONFLICT, *BUSY),
    "start_sweep": BUSY,
    "use_sweep": CONFLICT,
    "start_dose_response": BUSY,
    "start_scan": BUSY,
    "start_calibration": BUSY,
    "get_bundle": CONFLICT,
    "analyse_features": (*BAD, *BUSY),
    "get_analysis_state": BAD,
    "list_features": CONFLICT,
    "get_feature": (*BAD, *CONFLICT),
    "create_collection": (*BAD, 404, *CONFLICT),
    "rename_collection": CONFLICT,
    "put_in_collection": BAD,
    "save_view": (404,),
    "list_clusters": CONFLICT,
    "make_clusters": (*CONFLICT, *BUSY),
    "start_report": BUSY,
    "get_report": (*BAD, *CONFLICT),
    "list_reports": BAD,
    "start_run": (*CONFLICT, *BUSY),
    "delete_run": CONFLICT,
    "get_episodes": CONFLICT,
    "get_scene": CONFLICT,
    "get_replay": (*CONFLICT, *CACHED),
    "get_activations": (*CONFLICT, *CACHED),
    "get_activations_csv": CONFLICT,
    "get_activations_npz": CONFLICT,
    "get_environment_scene": BAD,
    "get_clip": (*CONFLICT, *CACHED),
    "make_video": (*CONFLICT, *BUSY),
    "get_video": (*CACHED,),
    "get_physics": BAD,
    "open_live": (404, *BUSY),
    "step_live": CONFLICT,
    "export_workspace": (*BAD, 404, *BUSY),
    "get_workspace": (*CACHED,),
    "import_workspace": (*BAD, *BUSY),
    "retry_job": (*CONFLICT, *BUSY),
    "follow_job": (503,),
}


def describe(document: Json) -> None:
    """Add to every operation of ``document`` the statuses it can answer with."""
    for item in document["paths"].values():
        placed = item.get("parameters", [])
        for method, operation in item.items():
            if method != "parameters":
                responses = operation["responses"]
                for status in _statuses(method.upper(), operation, placed):
                    responses.setdefault(str(status), _response(status, responses))
                operation["responses"] = dict(sorted(responses.items()))


def _statuses(method: str, operation: Json, placed: list[Json]) -> Iterator[int]:
    asked = "requestBody" in operation or any(p["in"] == "query" for p in operation.get("parameters", []))
    if operation["operationId"] != OPEN:
        yield from (401, 403)
    if placed:
        yield 404
    if asked:
        yield from (400, 422)
    if method in CHANGING:
        yield from (413, 415, 507)
    yield from MORE.get(operation["operationId"], ())


def _response(status: int, responses: Json) -> Json:
    if status not in CACHED:
        return ERROR
    same = {"content": responses["200"]["content"]} if status == 206 else {}
    return {"description": CACHED[status], **same}
