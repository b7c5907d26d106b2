"""Feature edits as people ask for them, turned into what a run plays.

A value may be given in any unit of dose, times in seconds, a phase gate without its cycle and a contact gate
without its environment; the frozen edit has raw values, steps, and the numbers the cycle was fitted with.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from policyscope.core.doses import UNITS, Scales, dose_of, raw_value
from policyscope.core.envs import EnvInfo, get_env
from policyscope.core.errors import InvalidInput
from policyscope.core.gates import Cycle, feet_of, fit_cycle
from policyscope.core.interventions import FeatureEdit
from policyscope.core.measures.anatomy import anatomy_of
from policyscope.services import loaded
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, finite, require

TIMES = ("start", "stop", "period")


@lru_cache(maxsize=4)
def scales_of(
    store: ArtifactStore, model_id: str, activation: str, content: str, tap_index: int
) -> Scales | None:
    """What doses of this model and SAE are measured against; None without cached data."""
    data = loaded.stored_data(store, content)
    if data is None:
        return None
    policy = loaded.build_policy(store, model_id, activation, [])
    return Scales(policy, loaded.stored_sae(store, content), tap_index, data)


def scales_for(ws: Workspace, row: ModelRow, sae_row: SaeRow | None) -> Scales | None:
    """The same for a stored model and the SAE attached to it."""
    if sae_row is None:
        return None
    return scales_of(ws.store, row.id, row.acting, sae_row.content, sae_row.tap_index)


def needed_scales(ws: Workspace, row: ModelRow, sae_row: SaeRow | None) -> Scales:
    """The same; raises InvalidInput ("Need SAE + cached data") when there are none."""
    scales = scales_for(ws, row, sae_row)
    if scales is None:
        raise _need("attach an SAE whose directory holds cached_obs.pt and tapped_activations.pt.")
    return scales


def describe(ws: Workspace, model_id: str, edits: Sequence[Json]) -> Json:
    """The dose of ``edits`` in every unit, and the edits with raw values. Nothing is stored.

    Raises InvalidInput when no SAE with cached data is loaded or an edit cannot be used.
    """
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    scales = needed_scales(ws, row, sae_row)
    info = known_env(sae_row)
    raw = in_raw_values(edits, scales)
    return {"edits": raw, "dose": dose_json(scales, raw, info)}


def known_env(sae_row: SaeRow | None) -> EnvInfo | None:
    """The environment that the attached artifacts were made in, where it is one of ours."""
    try:
        return get_env(sae_row.info["env"]) if sae_row is not None and sae_row.info["env"] else None
    except InvalidInput:
        return None


def dose_json(scales: Scales | None, edits: Sequence[Json], info: EnvInfo | None) -> Json | None:
    """The dose of edits with raw values; None without cached data, or where a gate needs a body

    and the environment is not known."""
    bodily = any((edit.get("gate") or {}).get("kind") in ("phase", "contact") for edit in edits)
    if scales is None or not edits or (bodily and info is None):
        return None
    frozen = freeze(edits, scales, info) if info is not None else list(edits)
    parsed = [FeatureEdit.from_json(_untimed(edit)) for edit in frozen]
    found: Json = finite(dose_of(scales, parsed).to_json())
    return found


def in_raw_values(edits: Sequence[Json], scales: Scales | None) -> list[Json]:
    """Edits as they are stored: every value as α or a latent value, and checked; times and gates as asked."""
    return [_in_raw_value(edit, scales) for edit in edits]


def freeze(edits: Sequence[Json], scales: Scales | None, info: EnvInfo) -> list[Json]:
    """Edits as a run plays them: raw values, times in steps, gates that know the body they look at.

    Raises InvalidInput for a unit or phase that needs cached data, seconds without physical time, or a foot
    that the environment does not have.
    """
    return [
        FeatureEdit.from_json(_with_foot(_with_cycle(_in_steps(edit, info), scales, info), info)).to_json()
        for edit in in_raw_values(edits, scales)
    ]


def _in_raw_value(edit: Json, scales: Scales | None) -> Json:
    plain = {key: value for key, value in edit.items() if key != "unit" and value is not None}
    plain["value"] = float(plain.get("value", 0.0))
    parsed = FeatureEdit.from_json(_untimed(plain))
    unit = edit.get("unit") or UNITS[0]
    if unit != UNITS[0]:
        if scales is None:
            raise _need(f"a dose in {unit} is measured on the policy's own states. Give alpha, or load them.")
        scales.sae.check_feature(parsed.feature_idx)
        plain["value"] = raw_value(scales, parsed, unit)
    return {"feature_idx": parsed.feature_idx, "op": parsed.op, **plain}


def _untimed(edit: Json) -> Json:
    """Without the unit of its times, which ``core`` does not know."""
    schedule = edit.get("schedule")
    if not schedule:
        return edit
    return {**edit, "schedule": {name: value for name, value in schedule.items() if name != "unit"}}


def _in_steps(edit: Json, info: EnvInfo) -> Json:
    schedule = edit.get("schedule")
    if not schedule or schedule.get("unit", "steps") == "steps":
        return _untimed(edit)
    if info.dt is None:
        message = f"{info.id} has no physical time; give the schedule in steps."
        raise InvalidInput(message, fields={"schedule": message})
    times = {name: schedule[name] / info.dt for name in TIMES if schedule.get(name) is not None}
    return _untimed({**edit, "schedule": {**schedule, **times}})


def _with_cycle(edit: Json, scales: Scales | None, info: EnvInfo) -> Json:
    gate = edit.get("gate")
    if not gate or gate["kind"] != "phase" or gate.get("cycle"):
        return edit
    if scales is None:
        raise _need("the phase of the stride is scaled by the policy's own observations.")
    cycle = cycle_of(info, scales)
    return {**edit, "gate": {**gate, "cycle": {**cycle.__dict__}}}


def _with_foot(edit: Json, info: EnvInfo) -> Json:
    gate = edit.get("gate")
    if not gate or gate["kind"] != "contact":
        return edit
    anatomy = anatomy_of(info.id)
    seen = {leg.name: leg.contact for leg in anatomy.legs if leg.contact} if anatomy else {}
    if gate["foot"] not in seen:
        feet_of(info.id, gate["foot"])
        return {**edit, "gate": {**gate, "env": info.id}}
    index = next(c.index for c in info.observations if c.name == seen[gate["foot"]])
    bound = "above" if gate.get("on_floor", True) else "below"
    return {**edit, "gate": {"kind": "observation", "index": index, bound: 0.5}}


def cycle_of(info: EnvInfo, scales: Scales) -> Cycle:
    """The stride of a walking environment: the first thigh against the second, one thigh, or the height.

    Raises InvalidInput where the environment observes no such rhythm.
    """
    anatomy = anatomy_of(info.id)
    names = {channel.name: channel.index for channel in info.observations}
    try:
        if anatomy is None or anatomy.rhythm == "principal":
            raise KeyError(info.id)
        if anatomy.rhythm == "height":
            return fit_cycle(
                scales.observations, names["torso height"], None, names["vertical velocity"], None
            )
        thighs = [leg.thigh for leg in anatomy.legs][: 1 if anatomy.rhythm == "first" else 2]
        angles = [names[f"{thigh} angle"] for thigh in thighs]
        rates = [_rate(names, thigh) for thigh in thighs]
        second = (angles[1], rates[1]) if len(thighs) > 1 else (None, None)
        return fit_cycle(scales.observations, angles[0], second[0], rates[0], second[1])
    except KeyError as missing:
        message = f"{info.id} observes no stride, so there is no phase; use an observation gate ({missing})."
        raise InvalidInput(message, fields={"gate": message}) from missing


def _rate(names: dict[str, int], joint: str) -> int:
    return names[f"{joint} angular velocity" if f"{joint} angular velocity" in names else f"{joint} speed"]


def _need(why: str) -> InvalidInput:
    return InvalidInput(f"Need SAE + cached data: {why}", code="need_sae_and_cached_data")
