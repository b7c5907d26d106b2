"""Several SAEs of one model: upload, list, switch, export."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import Answer, Request, described, many, text
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
