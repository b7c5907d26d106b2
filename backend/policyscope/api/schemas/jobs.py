"""Jobs."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    Answer,
    Real,
    Request,
    anything,
    described,
    many,
    nested,
    one_of,
    text,
    whole,
)

STATES = ("queued", "running", "done", "failed", "cancelled", "interrupted")


class JobProgress(Answer):
    done = whole("How much is done …")
    total = whole("… of how much; 0 when unknown.")
    unit = text("Of what.")
    message = text("What is being done.")
    metrics = anything("Numbers worth plotting.")
    eta_s = Real(
        allow_none=True,
        metadata=described("Seconds until it is done at the present pace; null when that cannot be told."),
    )


class JobResult(Answer):
    run_id = fields.String(metadata=described("The run it made."))
    artifacts_dir = fields.String(metadata=described("The directory it made, for load_sae …"))
    tap_index = fields.Integer(metadata=described("… at this tap."))
    sweep_id = fields.String(metadata=described("The sweep it made."))
    video_id = fields.String(metadata=described("The video it made."))
    export_id = fields.String(metadata=described("The workspace it wrote."))


class JobError(Answer):
    code = text("A stable word for programs.")
    message = text("A sentence for people.")


class Job(Answer):
    id = text("Server-made id.")
    kind = text("What it does, such as run.")
    state = one_of(STATES, "queued, running, or how it ended.")
    progress = nested(JobProgress)
    attempt = fields.Integer(strict=True, metadata=described("How many times it has been started."))
    estimate_s = Real(
        allow_none=True,
        metadata=described("Seconds it was expected to take, judged by earlier jobs; or null."),
    )
    created_at = text("ISO-8601, UTC.")
    started_at = text("ISO-8601, UTC.", none=True)
    finished_at = text("ISO-8601, UTC.", none=True)
    result = nested(JobResult, "Set when done.", none=True)
    error = nested(JobError, "Set when failed or interrupted.", none=True)


class Jobs(Answer):
    jobs = many(Job, "Newest first.")


class JobsQuery(Request):
    state = fields.String(validate=validate.OneOf(STATES), metadata=described("Only jobs in this state."))
