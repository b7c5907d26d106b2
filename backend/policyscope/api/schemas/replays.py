"""Replays: how to draw an environment, and the recorded steps."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    SEED_MAX,
    Answer,
    Real,
    Request,
    described,
    many,
    one_of,
    real,
    text,
    texts,
    whole,
    wholes,
    yes,
)
from policyscope.api.schemas.jobs import STATES
from policyscope.core.scene import GEOMS, JOINTS


def _vector(description: str) -> fields.List:
    return fields.List(Real(), required=True, metadata=described(description))


class SceneJoint(Answer):
    name = text("Name in the model file.")
    type = one_of(JOINTS, "Kind of joint.")
    address = whole("Where its numbers begin in qpos.")
    pos = _vector("Anchor in the body's frame.")
    axis = _vector("Axis in the body's frame.")
    rest = real("Joint position at which the body stands as the model file says.", none=False)


class SceneBody(Answer):
    name = text("Name in the model file.")
    parent = whole("Index of the parent; body 0 is the world.")
    pos = _vector("Position in the parent's frame, m.")
    quat = _vector("Orientation in the parent's frame, wxyz.")
    joints = many(SceneJoint, "Joints between the parent and this body, in order.")


class SceneGeom(Answer):
    name = text("Name in the model file.")
    body = whole("Body that carries it.")
    type = one_of(tuple(GEOMS.values()), "Shape.")
    size = _vector("Half sizes as in the model file, m.")
    pos = _vector("Position in the body's frame, m.")
    quat = _vector("Orientation in the body's frame, wxyz.")
    rgba = _vector("Colour of the model file.")
    foot = yes("Its floor contact is part of the replay.")


class SceneMotor(Answer):
    joint = text("Joint that it drives.")
    body = whole("Body that this joint moves.")


class EnvironmentScene(Answer):
    env = text("Environment.")
    title = text("Its name in words.")
    kind = text("bodies: drawn in 3-D from joint positions. Anything else: the sketch to draw in the plane.")
    dt = real("Seconds per step; null without physical time.")
    actions = texts("Names of the actions.")
    observations = texts("Names of the observations.")
    legs = texts("Legs whose floor contact is part of the replay, in its order.")
    nq = fields.Integer(metadata=described("Joint positions per step (kind bodies)."))
    follow = fields.Integer(metadata=described("Body that the camera follows (kind bodies)."))
    bodies = fields.List(fields.Nested(SceneBody), metadata=described("Body tree (kind bodies)."))
    geoms = fields.List(fields.Nested(SceneGeom), metadata=described("Shapes (kind bodies)."))
    motors = fields.List(
        fields.Nested(SceneMotor), metadata=described("What each action drives (kind bodies).")
    )


class Scene(EnvironmentScene):
    run_id = text("Run.")
    seeds = wholes("Seeds whose steps were recorded.")
    features = wholes("Features whose activation was recorded: those that some arm edits.")
    restarts = yes("Simulator states were recorded: another run can start from any step.")


class ReplayQuery(Request):
    seed = fields.Integer(
        load_default=None,
        validate=validate.Range(0, SEED_MAX),
        metadata=described("A recorded seed; the run's first by default."),
    )
    arms = fields.List(
        fields.String(validate=validate.Length(1, 60)),
        load_default=None,
        metadata=described("Names of the arms, repeated; all by default."),
    )


class LayerQuery(ReplayQuery):
    layer = fields.Integer(
        load_default=0,
        validate=validate.Range(0),
        metadata=described("Number of the layer: hidden layers from 0, the action last."),
    )


class ClipQuery(Request):
    row = fields.Integer(
        required=True,
        validate=validate.Range(0),
        metadata=described("Row of the cached data, as the examples of a feature name it.", example=0),
    )


class VideoRequest(Request):
    seed = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, SEED_MAX),
        metadata=described("A recorded seed; the first by default."),
    )
    arms = fields.List(
        fields.String(validate=validate.Length(1, 60)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 16),
        metadata=described("Arms side by side, at most four; all by default."),
    )
    size = fields.Integer(
        strict=True,
        load_default=480,
        validate=validate.OneOf((240, 480, 720)),
        metadata=described("Pixels of each pane's side."),
    )
    speed = Real(load_default=1.0, validate=validate.Range(0.1, 4.0), metadata=described("1 is real time."))
    format = fields.String(
        load_default="mp4",
        validate=validate.OneOf(("mp4", "webm", "gif")),
        metadata=described("File format."),
    )
    shadows = fields.Boolean(
        load_default=False, metadata=described("Shadows and reflections; several times slower.")
    )


class VideoAccepted(Answer):
    job_id = text("Job to follow.")
    video_id = text("Video to read when the job is done.")
    state = one_of(STATES, "State of the job.")
