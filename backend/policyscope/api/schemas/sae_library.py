"""Several SAEs of one model: upload, list, switch, export."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import Answer, Request, described, many, real, text, whole, wholes, yes
from policyscope.api.schemas.saes import SaeInfo
from policyscope.api.schemas.uploads import FileField
from policyscope.core.sae_formats import EXPORTS

FILE = (
    "The SAE's weights: walker_sae.pt, sae_weights.safetensors (SAELens), sae.safetensors (ours, sparsify), "
    "ae.pt (dictionary_learning), OpenAI's state_dict or an overcomplete module."
)


class SaeUpload(Request):
    file = FileField(required=True, metadata=described(FILE, type="string", format="binary"))
    config = FileField(
        metadata=described(
            "cfg.json or config.json beside it, where there is one.", type="string", format="binary"
        )
    )
    tap_index = fields.Integer(
        validate=validate.Range(0, 10_000),
        metadata=described("Module after which the SAE reads; the stored one by default."),
    )


class Saes(Answer):
    saes = many(SaeInfo, "Newest first.")
    active = text("Id of the one in use.", none=True)


class ActiveSae(Request):
    sae_id = fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata=described("One of the model's SAEs.", example="s_3f9c0a1b2d4e"),
    )


class ExportQuery(Request):
    format = fields.String(
        load_default="safetensors",
        validate=validate.OneOf(EXPORTS),
        metadata=described("original (walker_sae.pt), safetensors, or saelens (a zip of its two files)."),
    )


class CompareQuery(Request):
    first = fields.String(
        required=True, validate=validate.Length(1, 80), metadata=described("Id of an SAE of the model.")
    )
    second = fields.String(
        required=True, validate=validate.Length(1, 80), metadata=described("Id of another one.")
    )


class ComparedSae(Answer):
    id = text("SAE.")
    artifacts_dir = text("Where it came from.")
    tap_index = whole("Module that it reads.")
    d_latent = whole("Features.")
    k = whole("Active at most.", none=True)
    fvu = real("Fraction of variance unexplained.")
    action_fvu = real("The same of the action, one step ahead.")
    feedback_fvu = real("Error of the answer to small disturbances.")
    l0 = real("Active features on average.")
    dead = whole("Features that are silent in all states.")
    return_recovered = real("Of its newest report card; null before one.")


class SaeMatch(Answer):
    feature = whole("Feature of the first SAE.")
    partner = whole("Its partner in the second.")
    cosine = real("Of the decoder directions.")
    correlation = real("Of the activations.")
    same = yes("Beyond chance, and firing alike: correlation of at least 0.8.")


class NullScore(Answer):
    name = text("Kind of dictionary without features.")
    mmcs = real("Mean greatest cosine.")
    pw_mcc = real("Mean cosine of the best one-to-one matching.")
    corrected_pw_mcc = real("(observed − null) / (1 − null).")


class SaeMatching(Answer):
    mmcs = real("Mean greatest cosine, both ways.")
    pw_mcc = real("Mean cosine of the best one-to-one matching.")
    activation_mcc = real("The same for correlations of activations.")
    nulls = many(NullScore, "What dictionaries without features reach.")
    chance_cosine = real(
        "95th percentile of the cosine that the hardest null gives a feature's best partner."
    )
    matches = many(SaeMatch, "One-to-one, by cosine, greatest first.")
    only_first = wholes("Alive features of the first without the same in the second.")
    only_second = wholes("Alive features of the second without the same in the first.")


class SaeComparison(Answer):
    states = whole("Cached observations on which both were measured.")
    saes = many(ComparedSae, "The first and the second.")
    matching = fields.Nested(
        SaeMatching,
        required=True,
        allow_none=True,
        metadata=described("Null where the two read different taps."),
    )
