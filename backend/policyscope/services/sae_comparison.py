"""Two SAEs of one model side by side: the same measures on the same states, and which features they share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from policyscope.core.activations import ActivationData, spread_rows
from policyscope.core.errors import InvalidInput
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.core.sae_comparison import compare
from policyscope.core.sae_metrics import sae_report
from policyscope.services import loaded, reports, sae_library, saes
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, finite, require

MOST_STATES = 10_000
MEASURES = ("fvu", "action_fvu", "feedback_fvu", "l0")


def compare_two(ws: Workspace, model_id: str, first_id: str, second_id: str) -> Json:
    """Compares two of a model's SAEs on up to 10,000 evenly spaced cached observations of the first.

    Activations are the policy's own at each SAE's tap. The states are not held out from the trainings.
    Features are matched where both read the same tap. Raises NotFound; InvalidInput for twice the same SAE
    or without cached observations; LimitExceeded when there are too many features to match.
    """
    if first_id == second_id:
        raise InvalidInput("The two SAEs are the same one. Choose another SAE of this model to compare with.")
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        pair = [sae_library.own(session, model_id, sae_id) for sae_id in (first_id, second_id)]
    policy = saes.original_policy(ws, row)
    observations = _observations(ws, pair)
    opened = [loaded.stored_sae(ws.store, each.content) for each in pair]
    data = [ActivationData(observations, policy.head(observations, each.tap_index)) for each in pair]
    same_tap = pair[0].tap_index == pair[1].tap_index
    shared = compare(opened[0], opened[1], np.asarray(data[0].activations)) if same_tap else None
    return {
        "states": len(observations),
        "saes": [_side(ws, policy, *parts) for parts in zip(pair, opened, data, strict=True)],
        "matching": None if shared is None else finite(_matching(asdict(shared))),
    }


def _side(ws: Workspace, policy: Policy, row: SaeRow, sae: SAE, data: ActivationData) -> Json:
    measured = sae_report(policy, sae, row.tap_index, data)
    return finite(
        {
            "id": row.id,
            "artifacts_dir": row.artifacts_dir,
            "tap_index": row.tap_index,
            "d_latent": sae.d_latent,
            "k": sae.k,
            **{name: measured[name] for name in MEASURES},
            "dead": measured["dead_features"],
            "return_recovered": _recovered(ws, row),
        }
    )


def _observations(ws: Workspace, pair: list[SaeRow]) -> Any:
    for each in pair:
        data = loaded.stored_data(ws.store, each.content)
        if data is not None:
            rows = spread_rows(len(data.observations), MOST_STATES)
            return np.asarray(data.observations[rows])
    raise InvalidInput(
        "Need SAE + cached data: neither of the two SAEs has cached observations to compare them on. Load "
        "one of them from an artifacts directory that holds cached_obs.pt.",
        code="need_sae_and_cached_data",
    )


def _recovered(ws: Workspace, row: SaeRow) -> float | None:
    """As the newest report card says; None where it was not measured."""
    for report in reports.of_sae(ws, row.model_id, row.content, row.tap_index):
        line = next(line for line in report["lines"] if line["name"] == "sae")
        found: float | None = line["return_recovered"]
        return found
    return None


def _matching(shared: Json) -> Json:
    nulls = [{"name": name, **scores} for name, scores in shared["nulls"].items()]
    return {**shared, "nulls": nulls}
