"""Models: the stored policy, its network, its weight edits."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    SEED_MAX,
    VALUE_MAX,
    Answer,
    Real,
    Request,
    anything,
    described,
    many,
    name_field,
    nested,
    one_of,
    real,
    text,
    texts,
    whole,
    wholes,
    yes,
)
from policyscope.api.schemas.features import Intervention
from policyscope.api.schemas.saes import SaeInfo
from policyscope.api.schemas.uploads import FileField

SOURCES = ("recorded", "default", "verified", "user")
POLICY_FILE = (
    "A policy: .pt or .safetensors state_dict, .onnx model, Stable-Baselines3 .zip, or .json architecture."
)
ACTIVATION = "Activation function of the hidden layers, such as gelu or relu."


class Upload(Request):
    file = FileField(required=True, metadata=described(POLICY_FILE, type="string", format="binary"))
    name = name_field("Name to show; the file name without its ending by default.")
    activation = fields.String(validate=validate.Length(1, 40), metadata=described(ACTIVATION))


class ModelChange(Request):
    name = name_field("A new name.")
    activation = fields.String(
        validate=validate.Length(1, 40), metadata=described(ACTIVATION, example="relu")
    )


class Model(Answer):
    id = text("Server-made id.")
    name = text("Name to show.")
    filename = text("Name of the uploaded file.")
    format = text(
        "How the file was read: torch_state_dict, safetensors, onnx, sb3_zip, architecture_json, …."
    )
    created_at = text("ISO-8601, UTC.")
    size_bytes = whole("Size of the uploaded file.")
    sha256 = text("SHA-256 of the uploaded file.")
    obs_dim = whole("Numbers in an observation.")
    act_dim = whole("Numbers in an action, or actions to choose from.")
    activation = text(ACTIVATION)
    activation_source = one_of(
        SOURCES, "recorded in the file, default (assumed), verified against cached data, or set by the user."
    )
    architecture_only = yes("The file holds no weights: it can be drawn, not run.")
    n_parameters = whole("Weights and biases in all.")
    n_edits = whole("Weight edits in force.")
    notes = texts("What was inferred while reading the file, in sentences.")
    compatible_envs = texts("Environments whose observation and action sizes fit.")
    metadata = anything("What the file records about itself, such as env.")
    sae = nested(SaeInfo, "The attached SAE.", none=True)
    intervention = nested(Intervention, "The stored feature perturbation.", none=True)


class Models(Answer):
    models = many(Model)


class NetworkModule(Answer):
    index = whole("Position in the network: the i of net[i], which is also the tap_index after it.")
    kind = text("linear, batchnorm, layernorm or activation.")
    label = text("In words, such as Linear 17 → 32.")
    key = text("Prefix of its tensors in the file.", none=True)
    activation = text("Function of an activation module.", none=True)
    in_features = whole("Width in.")
    out_features = whole("Width out.")
    n_parameters = whole("Weights and biases.")


class Parameter(Answer):
    key = text("Tensor name, such as net.4.weight.")
    shape = wholes("Sizes.")
    n = whole("Number of values.")
    mean = real("Mean.")
    std = real("Standard deviation.")
    min = real("Smallest value.")
    max = real("Largest value.")
    edited = yes("Differs from the uploaded file.")


class Layer(Answer):
    index = whole("Column in the drawing; 0 is the observation.")
    label = text("In words.")
    size = whole("Units.")
    module_index = whole("The linear module whose output this is; null for the observation.", none=True)
    tap_indices = wholes("Taps that read these units.")


class Connection(Answer):
    from_layer = whole("Column.")
    to_layer = whole("Column.")
    key = text("Tensor that holds these weights; null in an architecture without weights.", none=True)
    max_abs = real("Largest absolute weight, for scaling the drawing.", none=True)
    edges = fields.List(
        fields.List(Real(), metadata=described("[from_unit, to_unit, weight]")),
        required=True,
        metadata=described("The strongest weights, at most 200: [from_unit, to_unit, weight]."),
    )


class Summary(Answer):
    id = text("Model id.")
    modules = many(NetworkModule)
    parameters = many(Parameter)
    layers = many(Layer)
    connections = many(Connection)


class Statistics(Answer):
    mean = real("Mean.")
    std = real("Standard deviation.")
    min = real("Smallest value.")
    max = real("Largest value.")


class WeightsQuery(Request):
    row = fields.Integer(load_default=0, validate=validate.Range(0), metadata=described("First row."))
    column = fields.Integer(load_default=0, validate=validate.Range(0), metadata=described("First column."))
    size = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 256),
        metadata=described("Rows and columns to read from there, with an overview of all; without it all."),
    )


class WeightsOverview(Answer):
    block = wholes("Rows and columns that one number stands for.")
    values = fields.List(
        fields.List(Real()), required=True, metadata=described("Of each block the entry of greatest size.")
    )


class LayerWeights(Answer):
    key = text("Tensor name.")
    shape = wholes("Sizes.")
    values = fields.Raw(
        required=True,
        metadata=described(
            "Nested lists of numbers: as the shape says, or of the window.", type="array", items={}
        ),
    )
    start = wholes("Position of the first of the values.")
    overview = nested(WeightsOverview, "Of a matrix of which a window was asked for.", none=True)
    edited = fields.List(
        fields.List(fields.Integer(strict=True)),
        required=True,
        metadata=described("Positions that differ from the uploaded file."),
    )
    stats = nested(Statistics)


class Perturb(Request):
    key = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata=described("Tensor name.", example="net.0.weight"),
    )
    op = one_of(
        ("scale", "add_noise", "set"), "scale: times value; add_noise: plus Gaussian noise of SD value."
    )
    value = Real(required=True, validate=validate.Range(-VALUE_MAX, VALUE_MAX), metadata=described("Number."))
    seed = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, SEED_MAX),
        metadata=described("Of the noise; made by the server and recorded when absent."),
    )


class EditAt(Request):
    key = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata=described("Tensor name.", example="net.0.weight"),
    )
    index = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0)),
        required=True,
        validate=validate.Length(1, 4),
        metadata=described("Position in the tensor: [row, column].", example=[0, 0]),
    )
    value = Real(
        required=True, validate=validate.Range(-VALUE_MAX, VALUE_MAX), metadata=described("The new weight.")
    )


class WeightEdit(Answer):
    position = whole("Place in the list of edits; they apply in this order.")
    op = one_of(("scale", "add_noise", "set", "edit_at"), "What it does.")
    key = text("Tensor name.")
    value = real("Number.")
    seed = whole("Seed of the noise.", none=True)
    index = fields.List(
        fields.Integer(strict=True), required=True, allow_none=True, metadata=described("Cell of edit_at.")
    )


class Edits(Answer):
    edits = many(WeightEdit)


class EditResult(Edits):
    ok = yes("Always true.")
    n_edits = whole("Edits in force.")
    weights_sha256 = text("Hash of the effective weights.")
