"""Taking a workspace in: all is checked before the first row is written, and nothing is overwritten."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from policyscope.core.errors import Busy, InvalidInput, LimitExceeded, NotFound, UnsupportedFile
from policyscope.core.sae_formats import export_sae
from policyscope.services import analyses, features, loaded
from policyscope.services.effects.edits import scales_of
from policyscope.services.transfer import archive, made_in, models_in, records_in, runs_in
from policyscope.services.transfer.made_in import NewMade
from policyscope.services.transfer.models_in import NewModel
from policyscope.services.transfer.runs_in import Checks, NewRun
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json, ModelRow, RunRow, SaeRow, new_id

KINDS = ("models", "saes", "runs", "reports", "sweeps", "notes", "collections", "views")
_one_at_a_time = threading.Lock()


def read(ws: Workspace, path: Path, shown: str, checks: Checks) -> Json:
    """Take in the archive at ``path``, called ``shown``, and report what came in.

    Raises UnsupportedFile, InvalidInput, ShapeMismatch, LimitExceeded, Busy or StorageFull; nothing has come
    in then.
    """
    with _one_at_a_time, archive.opened(path, shown) as (index, contents):
        intake = _Intake(ws, contents, checks.index(index), checks)
        try:
            intake.read()
            with ws.records.write() as session:
                intake.keep(session)
        except BaseException:
            intake.discard()
            raise
        finally:
            _forget()
        return intake.report()


def analyse(ws: Workspace, models: Sequence[str]) -> list[str]:
    """Ask for the analyses that there were: they follow from what came in, so they are made again here. The
    models whose analysis is on its way."""
    started = []
    for model in models:
        try:
            found = analyses.start(ws, model)
        except (Busy, LimitExceeded, InvalidInput, NotFound):
            continue  # the page offers it
        if found["job_id"] is not None:
            started.append(model)
    return started


def _forget() -> None:
    """Ids of models come back: nothing may be remembered of what had them before."""
    loaded.forget_models()
    features.forget()
    scales_of.cache_clear()


class _Intake:
    """One archive on its way in: first ``read``, which stores files and no rows, then ``keep``."""

    def __init__(
        self, ws: Workspace, contents: Mapping[str, memoryview], records: Json, checks: Checks
    ) -> None:
        self._ws, self._contents, self._records, self._checks = ws, contents, records, checks
        self._ids: dict[str, str] = {}
        self._sae_contents: dict[str, str] = {}
        self._models: dict[str, ModelRow] = {}
        self._new_models: list[NewModel] = []
        self._new_saes: dict[str, SaeRow] = {}
        self._new_runs: list[NewRun] = []
        self._new_made: list[NewMade] = []
        self._published: list[str] = []
        self._counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}

    def read(self) -> None:
        _check_references(self._records)
        _forget()
        for record in self._records["models"]:
            self._read_model(record)
        for record in self._records["saes"]:
            self._read_sae(record)
        for new in self._new_models:
            active = self._new_saes.get(new.record["sae_id"])
            if active is not None:
                new.row.sae_id = active.id
                new.row.intervention = models_in.stored_intervention(self._ws, new, active)
        for record in self._records["runs"]:
            self._read_run(record)
        for record in self._records["made"]:
            self._read_made(record)

    def keep(self, session: Session) -> None:
        """Write every row, in one transaction."""
        session.add_all(new.row for new in self._new_models)
        session.flush()
        session.add_all(self._new_saes.values())
        session.flush()
        session.add_all(new.job for new in self._new_runs)
        session.add_all(new.job for new in self._new_made)
        session.flush()
        session.add_all(new.row for new in self._new_runs)
        for record in self._records["notes"]:
            self._counts["notes"][records_in.note(session, record, self._ids[record["sae_id"]])] += 1
        for record in self._records["collections"]:
            how = records_in.collection(session, record, self._ids[record["sae_id"]])
            self._counts["collections"][how] += 1
        for record in self._records["views"]:
            self._counts["views"][records_in.view(session, record, self._ids)] += 1

    def discard(self) -> None:
        """Remove every file that was stored for it."""
        for name in self._published:
            self._ws.store.discard(name)

    def report(self) -> Json:
        renamed = {was: now for was, now in self._ids.items() if was != now}
        return {
            "counts": {
                kind: {how: counts[how] for how in (records_in.NEW, records_in.KNOWN, records_in.KEPT)}
                for kind, counts in self._counts.items()
            },
            "models": [
                {"id": row.id, "name": row.name, "new": any(row is new.row for new in self._new_models)}
                for row in self._models.values()
            ],
            "renamed": renamed,
            "analysed": [self._ids[was] for was in self._records["analysed"]],
            "sentence": _sentence(self._counts, len(renamed)),
        }

    def _read_model(self, record: Json) -> None:
        ws = self._ws
        sha256, correction = models_in.correction_of(ws, self._contents, record)
        with ws.records.read() as session:
            taken = set(self._ids.values())
            known = models_in.identical(session, record, sha256, correction, taken)
            if known is not None:
                self._place("models", record, known, new=False)
                self._models[record["id"]] = session.get_one(ModelRow, known)
                return
            is_free = session.get(ModelRow, record["id"]) is None
        is_free = is_free and not ws.store.has(loaded.model_name(record["id"]))
        model_id = record["id"] if is_free else new_id("m")
        self._published.append(loaded.model_name(model_id))
        new = models_in.read_model(ws, self._contents, record, model_id)
        self._new_models.append(new)
        self._models[record["id"]] = new.row
        self._place("models", record, model_id, new=True)

    def _read_sae(self, record: Json) -> None:
        ws, model = self._ws, self._models[record["model_id"]]
        with ws.records.read() as session:
            known = models_in.same_sae(session, model.id, record)
            is_free = session.get(SaeRow, record["id"]) is None
        if known is not None and self._is_stored(record):
            self._sae_contents[record["content"]] = known.content
            self._place("saes", record, known.id, new=False)
            return
        before = set(ws.store.names("saes"))
        row = models_in.read_sae(ws, self._contents, record, model, is_free)
        if f"saes/{row.content}" not in before:
            self._published.append(f"saes/{row.content}")
        self._new_saes[record["id"]] = row
        self._sae_contents[record["content"]] = row.content
        self._place("saes", record, row.id, new=True)

    def _is_stored(self, record: Json) -> bool:
        """Whether the archive's SAE really is the one stored under that hash."""
        name = "sae.safetensors"
        here = export_sae(loaded.stored_sae(self._ws.store, record["content"]), "safetensors")[name]
        return self._contents.get(f"saes/{record['content']}/{name}") == here

    def _read_run(self, record: Json) -> None:
        ws, files = self._ws, runs_in.files_of(self._contents, record["id"])
        model_id = self._models[record["model_id"]].id
        with ws.records.read() as session:
            there = session.get(RunRow, record["id"])
        if runs_in.is_here(ws, there, model_id, files):
            self._place("runs", record, record["id"], new=False)
            return
        is_free = there is None and not ws.store.has(f"runs/{record['id']}")
        run_id = record["id"] if is_free else new_id("r")
        content = self._sae_contents.get(str(record["request"].get("sae_content")))
        places = {"run_id": run_id, "model_id": model_id, "sae_content": content}
        self._published.append(f"runs/{run_id}")
        self._new_runs.append(runs_in.read_run(ws, record, files, places, self._checks))
        self._place("runs", record, run_id, new=True)

    def _read_made(self, record: Json) -> None:
        ws, files = self._ws, made_in.files_of(self._contents, record)
        model_id, kind = self._models[record["model_id"]].id, f"{record['kind']}s"
        with ws.records.read() as session:
            known = made_in.known_id(ws, session, record, model_id, files)
        how = records_in.KNOWN
        if known is None:
            places = {"model_id": model_id, "sae_contents": self._sae_contents}
            new = made_in.read_made(ws, record, files, places, self._checks)
            self._published.append(new.name)
            ws.store.publish(new.name, new.files, {"kind": record["kind"], "spec": new.job.spec["work"]})
            self._new_made.append(new)
            known, how = new.job.key, records_in.NEW
        if known:
            self._ids[str(record["spec"]["sweep_id"])] = known
        self._counts[kind][how] += 1

    def _place(self, kind: str, record: Json, here: str, *, new: bool) -> None:
        self._ids[record["id"]] = here
        self._counts[kind][records_in.NEW if new else records_in.KNOWN] += 1


def _check_references(records: Json) -> None:
    """Every id comes once, and everything belongs to something that is there. Raises UnsupportedFile."""
    ids = [record["id"] for kind in ("models", "saes", "runs", "made") for record in records[kind]]
    twice = [one for one, times in Counter(ids).items() if times > 1]
    if twice:
        raise UnsupportedFile(f"The workspace names {twice[0]} twice. Nothing was taken in.")
    known: dict[Any, set[str]] = {kind: {r["id"] for r in records[kind]} for kind in ("models", "saes")}
    wanted = [("models", r["model_id"]) for kind in ("saes", "runs", "made", "views") for r in records[kind]]
    wanted += [("models", one) for one in records["analysed"]]
    wanted += [("saes", r["sae_id"]) for kind in ("notes", "collections", "models") for r in records[kind]]
    for kind, one in wanted:
        if one is not None and one not in known[kind]:
            raise UnsupportedFile(
                f"The workspace speaks of {one} and does not hold it. Nothing was taken in."
            )


def _sentence(counts: Mapping[str, Counter[str]], renamed: int) -> str:
    came = {kind: counts[kind][records_in.NEW] for kind in KINDS if counts[kind][records_in.NEW]}
    new = ", ".join(f"{count} {_word(kind, count)}" for kind, count in came.items())
    known = sum(count[records_in.KNOWN] for count in counts.values())
    kept = sum(count[records_in.KEPT] for count in counts.values())
    parts = [f"Came in: {new}." if new else "Nothing new came in."]
    if known:
        parts.append(f"{known} of all this {'was' if known == 1 else 'were'} here already.")
    if kept:
        parts.append(
            f"{kept} {_word('notes', kept)} stayed as you wrote {'it' if kept == 1 else 'them'} here."
        )
    if renamed:
        theirs = "theirs is" if renamed == 1 else "theirs are"
        parts.append(f"{renamed} got another id: {theirs} in use here, or kept for a sweep trained here.")
    return " ".join(parts)


def _word(kind: str, count: int) -> str:
    shown = {"saes": "SAEs", "reports": "report cards"}.get(kind, kind)
    return shown[:-1] if count == 1 else shown
