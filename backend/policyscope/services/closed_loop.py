"""What finished runs say of single features: arms that edit one feature alone, against their baseline."""

from __future__ import annotations

from sqlalchemy import select

from policyscope.services import rollouts, starts
from policyscope.services.workspace import Workspace
from policyscope.store.records import JobRow, Json, ModelRow, RunRow, SaeRow

MOST_RUNS = 50


def measured(ws: Workspace, model_id: str) -> dict[int, list[Json]]:
    """By feature, newest run first: the paired effect on the return of each arm that edits it alone.

    Only runs of the model's present SAE and tap, on unedited weights, whose job is done and whose episodes
    began with the usual reset.
    """
    found: dict[int, list[Json]] = {}
    for row in _runs(ws, model_id):
        result = ws.store.read_json(f"runs/{row.id}", rollouts.RESULT_FILE)
        compared = {entry["arm"]: entry for entry in result["comparisons"]}
        for arm in row.request["arms"]:
            entry = compared.get(arm["name"])
            if entry is None or len(arm["edits"]) != 1 or arm["weight_edits"]:
                continue
            edit = arm["edits"][0]
            found.setdefault(edit["feature_idx"], []).append(_effect(row, edit, entry))
    return found


def _runs(ws: Workspace, model_id: str) -> list[RunRow]:
    with ws.records.read() as session:
        model = session.get(ModelRow, model_id)
        sae = session.get(SaeRow, model.sae_id) if model and model.sae_id else None
        query = select(RunRow).join(JobRow, RunRow.job_id == JobRow.id).where(RunRow.model_id == model_id)
        newest = query.where(JobRow.state == "done").order_by(RunRow.created_at.desc()).limit(MOST_RUNS)
        rows = session.scalars(newest).all()
    wanted = (sae.content, sae.tap_index) if sae else None
    return [
        row
        for row in rows
        if (row.request["sae_content"], row.request["tap_index"]) == wanted
        and row.request.get("start", starts.RESET) == starts.RESET
    ]


def _effect(row: RunRow, edit: Json, entry: Json) -> Json:
    return {
        "run_id": row.id,
        "arm": entry["arm"],
        "op": edit["op"],
        "value": edit["value"],
        "env": row.request["env"],
        "n": entry["n"],
        "mean_difference": entry["return"]["mean_difference"],
        "ci": entry["return"]["ci"],
        "p_value": entry["return"]["p_value"],
        "fall_difference": entry["falls"]["difference"],
        "inferential": entry["inferential"],
    }
