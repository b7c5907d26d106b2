"""What was worked out of a model and goes with it: report cards, sweeps, and the episodes that they used."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.services import reports
from policyscope.services.sweeps import data as sweeps
from policyscope.store.records import JobRow, Json, ModelRow


def forget(session: Session, model_id: str) -> set[str]:
    """Take their jobs out of the records; returns the store names that nothing else needs any more.

    What a sweep of another model learned from too is not among them. The jobs go, because an id can come back
    with a workspace, and these were not made of the model that has it then.
    """
    others = set(session.scalars(select(ModelRow.id).where(ModelRow.id != model_id)))
    own: set[str] = set()
    shared: set[str] = set()
    for job in session.scalars(select(JobRow).where(JobRow.kind.in_((reports.KIND, sweeps.KIND)))):
        work = job.spec["work"]
        if work["model_id"] == model_id:
            own.update(_names(work))
            session.delete(job)
        elif work["model_id"] in others:
            shared.update(_names(work))
    return own - shared


def _names(work: Json) -> Iterator[str]:
    yield work["output"]
    data = work.get("data")  # a report card has none, and neither has a sweep that came in with a workspace
    while data is not None:
        yield data["name"]
        data = data["base"]
