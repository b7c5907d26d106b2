"""SAEs and the artifacts directories they come from."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    Answer,
    Request,
    anything,
    described,
    many,
    nested,
    real,
    text,
    texts,
    whole,
    yes,
)


class LoadSae(Request):
    artifacts_dir = fields.String(
        required=True,
        validate=validate.Length(1, 512),
        metadata=described(
            "Directory below the artifacts root: walker_sae.pt, and cached_obs and tapped_activations as "
            ".pt, .npy, .npz, .safetensors or .hdf5, or a Minari dataset in place of both.",
            example="walker2d_w32",
        ),
    )
    tap_index = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, 10_000),
        metadata=described("Module after which the SAE reads; the stored one by default.", example=4),
    )


class Fix(Answer):
    label = text("Words for the button.")
    method = text("HTTP method.")
    path = text("Where to send it.")
    body = anything("JSON body to send.")


class SaeWarning(Answer):
    code = text("tap_mismatch, activation_mismatch, high_fvu or no_cached_data.")
    message = text("What was seen and what it means.")
    fix = nested(Fix, "A request that puts it right.", none=True)


class Candidate(Answer):
    tap_index = whole("Tap.")
    activation = text("Activation function.")
    fvu = real("Fraction of variance unexplained by the SAE there.")
    reproduction_error = real(
        "How far the policy's own activations there are from the cached ones; 0 is exact."
    )


class SaeInfo(Answer):
    ok = yes("Always true.")
    d_in = whole("Width of the tap.")
    d_latent = whole("Features.")
    k = whole("Features active at once.")
    tap_index = whole("The tap in use.")
    has_cached_data = yes("Cached observations and activations are there, so features can be interpreted.")
    id = text("Server-made id.")
    artifacts_dir = text("Where it came from.")
    env = text("Environment of the cached data, if recorded.", none=True)
    n_samples = whole("Cached samples.", none=True)
    fvu = real("Fraction of variance unexplained at the tap in use.")
    reproduction_error = real(
        "How far the policy's activations are from the cached ones; 0 is exact, null if computed."
    )
    candidate = nested(Candidate, "The tap and activation that fit the cached data best.", none=True)
    activations_from = text(
        "file, or policy where a dataset holds observations alone and the activations were computed.",
        none=True,
    )
    stored_tap_index = whole("The tap_index in the SAE file.", none=True)
    dead_features = whole("Features never active on the cached samples (millions are thinned).", none=True)
    l0 = real("Mean number of active features.")
    warnings = many(SaeWarning, "What does not fit, each with a fix where there is one.")


class ArtifactsDirectory(Answer):
    artifacts_dir = text("Name to send to load_sae.")
    complete = yes("All three files are there.")
    missing = texts("Files that are not.")
    d_in = whole("Width of the tap.", none=True)
    d_latent = whole("Features.", none=True)
    k = whole("Features active at once.", none=True)
    tap_index = whole("Stored tap.", none=True)
    env = text("Environment, if recorded.", none=True)
    fits = yes("Whether it fits the model asked about; null when none was.", none=True)
    reason = text("Why it does not fit or cannot be read.", none=True)


class ArtifactsDirectories(Answer):
    root = text("Name of the artifacts root.")
    directories = many(ArtifactsDirectory)


class ArtifactsQuery(Request):
    model_id = fields.String(metadata=described("Say which directories fit this model."))
