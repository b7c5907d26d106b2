"""What finished runs say of single features: pushes that change one feature alone, against their baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from policyscope.core.comparison import INFERENTIAL_FROM
from policyscope.services import rollouts, starts
from policyscope.services.effects import studies
from policyscope.services.workspace import Workspace
from policyscope.store.records import JobRow, Json, ModelRow, RunRow, SaeRow

MOST_RUNS = 50
COMPARISON = "comparison"
SOURCES = (COMPARISON, "confirmation", "calibration", "dose_response", "scan")
USUAL_DOSE = 0.05


def measured(ws: Workspace, model_id: str) -> dict[int, list[Json]]:
    """By feature, newest run first: the paired effect on the return of every push that changes it alone.

    From comparisons, dose-responses, scans with their confirmations and calibrations, of the model's present
    SAE and tap, on unedited weights, whose job is done and whose episodes began with the usual reset.
    """
    found: dict[int, list[Json]] = {}
    for row in _runs(ws, model_id):
        for feature_idx, effect in pushes_in(ws, row):
            found.setdefault(feature_idx, []).append(effect)
    return found


def pushes_in(ws: Workspace, row: RunRow) -> Iterator[tuple[int, Json]]:
    """Every push of one feature alone in a finished run."""
    kind = row.request.get("kind", COMPARISON)
    return _compared(ws, row) if kind == COMPARISON else _studied(ws, row, kind)


def telling(effects: Sequence[Json]) -> Json | None:
    """The one to show where there is room for one, by what it is and never by how large it is.

    Enough seeds of its own before a preview or one of many pushes; then the order of ``SOURCES``; of a
    study's doses the positive one nearest to 0.05; then the newest. None when there is none.
    """
    return min(
        effects,
        key=lambda e: (
            not e["inferential"], SOURCES.index(e["source"]), (e["dose"] or 0.0) < 0,
            abs(abs(e["dose"] or USUAL_DOSE) - USUAL_DOSE),
        ),
        default=None,
    )  # fmt: skip


def _compared(ws: Workspace, row: RunRow) -> Iterator[tuple[int, Json]]:
    """Arms of a comparison that edit one feature alone."""
    result = ws.store.read_json(f"runs/{row.id}", rollouts.RESULT_FILE)
    compared = {entry["arm"]: entry for entry in result["comparisons"]}
    for arm in row.request["arms"]:
        entry = compared.get(arm["name"])
        if entry is not None and len(arm["edits"]) == 1 and not arm["weight_edits"]:
            edit = arm["edits"][0]
            yield (
                edit["feature_idx"],
                {
                    **_of_run(row, COMPARISON),
                    "arm": entry["arm"],
                    "op": edit["op"],
                    "value": edit["value"],
                    "n": entry["n"],
                    **{name: entry["return"][name] for name in ("mean_difference", "ci", "p_value")},
                    "fall_difference": entry["falls"]["difference"],
                    "inferential": entry["inferential"],
                },
            )


def _studied(ws: Workspace, row: RunRow, kind: str) -> Iterator[tuple[int, Json]]:
    """Pushes of a study along the direction of one feature."""
    if row.request["weight_edits"]:
        return
    found = ws.store.read_json(f"runs/{row.id}", studies.EFFECTS_FILE)
    falls = found["baseline"]["fall_rate"] if kind in ("dose_response", "scan") else None
    if kind == "dose_response":
        for push in found["points"]:
            yield found["feature_idx"], _pushed(row, kind, found, push, falls)
    elif kind == "scan":
        for push in found["confirmations"]:
            yield push["feature_idx"], _pushed(row, "confirmation", found, push, None)
        for push in found["rows"]:
            yield push["feature_idx"], _pushed(row, kind, found, push, falls)
    elif len(row.request["features"]) == 1 and found["confirmation"] is not None:
        push = found["confirmation"]
        yield row.request["features"][0]["feature_idx"], _pushed(row, kind, found, push, None)


def _pushed(row: RunRow, source: str, found: Json, push: Json, falls: float | None) -> Json:
    """``falls``: the baseline's fall rate on the same seeds, where it is kept."""
    measure = found["measure"]
    on_return = measure["key"] == "return"
    return {
        **_of_run(row, source),
        "arm": f"δ_a {push['dose']:+.3g}",
        "op": "add",
        "value": push["alpha"],
        "dose": push["dose"],
        "n": len(found["seeds" if source in ("dose_response", "scan") else "confirmation_seeds"]),
        "mean_difference": push["return_difference"],
        "ci": push["ci"] if on_return else None,
        "p_value": push["p_value"] if on_return else None,
        "fall_difference": None if falls is None else push["fall_rate"] - falls,
        "measure": measure["title"],
        "unit": measure["unit"],
        "measure_difference": push["mean_difference"],
        "measure_ci": push["ci"],
        "inferential": source != "scan" and push["n"] >= INFERENTIAL_FROM,
    }


def _of_run(row: RunRow, source: str) -> Json:
    nothing = dict.fromkeys(("dose", "measure", "unit", "measure_difference", "measure_ci"))
    return {"run_id": row.id, "env": row.request["env"], "source": source, **nothing}


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
