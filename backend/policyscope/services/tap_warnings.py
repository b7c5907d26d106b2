"""What the cached data say against the tap and activation in use, each with a request that puts it right."""

from __future__ import annotations

from dataclasses import dataclass

from policyscope.core.percent import percent
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.sae import SAE
from policyscope.core.taps import TapCandidate, TapReport
from policyscope.store.records import Json

REPRODUCES = 1e-4
SUGGESTS = 1e-2
HIGH_FVU = 0.1
UPLOADED = "upload: "


@dataclass(frozen=True)
class Attached:
    """An SAE being attached: where it came from, the tap in use, and the tap that was asked for, if any.

    ``computed``: the activations are the policy's own at this tap, so they cannot tell whether it is right.
    """

    model_id: str
    artifacts_dir: str
    tap_index: int
    requested: int | None
    computed: bool = False

    @property
    def uploaded(self) -> bool:
        """From files of the user, not from an artifacts directory."""
        return self.artifacts_dir.startswith(UPLOADED)


def all_warnings(what: Attached, spec: PolicySpec, sae: SAE, report: TapReport | None) -> list[Json]:
    """Structured warnings; empty when everything agrees."""
    if report is None:
        return [*_stored_differs(what, sae), _no_data(what)]
    used = report.at(what.tap_index, spec.activation)
    if what.computed:
        return _by_reconstruction(what, spec, report, used)
    best = report.best
    fits = used is not None and used.reproduction_error < REPRODUCES
    if fits:
        return [*_confirmed(what, sae), *_high_fvu(what, used.fvu if used else None)]
    if best.reproduction_error > SUGGESTS:
        return [_foreign(report)]
    found = []
    if best.tap_index != what.tap_index:
        found.append(_tap_mismatch(what, report))
    if report.activation_matters and best.activation != spec.activation:
        found.append(_activation_mismatch(what, spec, report))
    return found


def _by_reconstruction(
    what: Attached, spec: PolicySpec, report: TapReport, used: TapCandidate | None
) -> list[Json]:
    """Without activations of somebody else's making, only the SAE can say where it belongs."""
    if used is None or used.reproduction_error > REPRODUCES:
        message = (
            "The activations were computed with this policy as it acted when the SAE was loaded, and it acts "
            "otherwise now. Load the SAE again."
        )
        return [_warning("activation_mismatch", message, _load_again(what, what.tap_index))]
    if used.fvu is None or used.fvu <= HIGH_FVU:
        return []
    known = [one for one in report.candidates if one.fvu is not None and one.activation == spec.activation]
    best = min(known, key=lambda one: one.fvu or 0.0)
    left = f"The SAE leaves {percent(used.fvu)} of the variance at tap {what.tap_index} unexplained"
    if best.tap_index != what.tap_index and (best.fvu or 0.0) < used.fvu / 2:
        message = f"{left}, and {percent(best.fvu or 0.0)} at tap {best.tap_index}, where it seems to belong."
        return [_warning("tap_mismatch", message, _load_again(what, best.tap_index))]
    message = (
        f"{left}. It was trained at another tap, with another activation function, on states unlike these, "
        "or for too short a time; the dataset holds no activations that could tell which."
    )
    return [_warning("high_fvu", message, None)]


def _tap_mismatch(what: Attached, report: TapReport) -> Json:
    best = report.best
    return _warning(
        "tap_mismatch",
        f"The cached activations were not taken at tap {what.tap_index}: tap {best.tap_index} reproduces "
        f"them with an error of {best.reproduction_error:.2g}. At the wrong tap the features mean nothing.",
        _load_again(what, best.tap_index),
    )


def _activation_mismatch(what: Attached, spec: PolicySpec, report: TapReport) -> Json:
    best = report.best
    how_known = {"default": "was assumed, as the file does not record it", "user": "was chosen by hand"}
    how = how_known.get(spec.activation_source, "is recorded")
    return _warning(
        "activation_mismatch",
        f"The policy runs with {spec.activation}, which {how}. The cached activations are reproduced "
        f"with {best.activation} (error {best.reproduction_error:.2g}).",
        {
            "label": f"Use {best.activation}",
            "method": "PATCH",
            "path": f"/model/{what.model_id}",
            "body": {"activation": best.activation},
        },
    )


def _confirmed(what: Attached, sae: SAE) -> list[Json]:
    """The tap in use is right; say so when somebody named another one."""
    if sae.tap_index in (None, what.tap_index):
        return []
    return [
        _warning(
            "tap_mismatch",
            f"The SAE file says tap {sae.tap_index}, but the cached activations were taken at tap "
            f"{what.tap_index}, which is in use. Nothing needs to be done.",
            None,
        )
    ]


def _stored_differs(what: Attached, sae: SAE) -> list[Json]:
    if sae.tap_index in (None, what.tap_index):
        return []
    return [
        _warning(
            "tap_mismatch",
            f"The SAE file says tap {sae.tap_index}, and tap {what.tap_index} is in use. Without cached data "
            "it cannot be checked which is right.",
            _load_again(what, int(sae.tap_index or 0)),
        )
    ]


def _no_data(what: Attached) -> Json:
    if what.uploaded:
        reason = "An uploaded SAE brings no cached data along"
        remedy = "Load a directory with data at the same tap first, then upload again: its data are kept."
    else:
        reason = f"{what.artifacts_dir} has no cached_obs.pt and tapped_activations.pt"
        remedy = "Run bc_sae_walker_demo.py to make them."
    return _warning(
        "no_cached_data",
        f"{reason}, so features cannot be interpreted and the tap cannot be checked. {remedy}",
        None,
    )


def _high_fvu(what: Attached, fvu: float | None) -> list[Json]:
    if fvu is None or fvu <= HIGH_FVU:
        return []
    return [
        _warning(
            "high_fvu",
            f"The SAE leaves {percent(fvu)} of the variance at tap {what.tap_index} unexplained, although "
            "the tap is right; a good one leaves less than 1 %. Train it longer or with more features.",
            None,
        )
    ]


def _foreign(report: TapReport) -> Json:
    best = report.best
    return _warning(
        "high_fvu",
        "The cached activations were not made by this policy: no tap and no activation function reproduces "
        f"them (the nearest, tap {best.tap_index} with {best.activation}, has an error of "
        f"{best.reproduction_error:.2g}). Load the artifacts that belong to it.",
        None,
    )


def _load_again(what: Attached, tap_index: int) -> Json | None:
    """None for an upload, which the server cannot load again by itself."""
    if what.uploaded:
        return None
    return {
        "label": f"Use tap {tap_index}",
        "method": "POST",
        "path": f"/model/{what.model_id}/load_sae",
        "body": {"artifacts_dir": what.artifacts_dir, "tap_index": tap_index},
    }


def _warning(code: str, message: str, fix: Json | None) -> Json:
    return {"code": code, "message": message, "fix": fix}
