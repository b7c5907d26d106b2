"""Groups of like features and the map of them."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    Answer,
    Request,
    described,
    many,
    nested,
    one_of,
    real,
    text,
    whole,
    wholes,
    yes,
)
from policyscope.api.schemas.features import FeatureEdit
from policyscope.core.clusters import VIEWS

CLUSTER_VIEWS = (*VIEWS, "custom")


def _share(default: float, of: str) -> fields.Float:
    return fields.Float(
        load_default=default,
        validate=validate.Range(0, 1e3),
        metadata=described(f"view custom: weight of the {of}; the three are divided by their sum."),
    )


class ClustersRequest(Request):
    """Which clustering."""

    view = fields.String(
        load_default="combined",
        validate=validate.OneOf(CLUSTER_VIEWS),
        metadata=described(
            "What makes features alike: decoder, coactivation, function, all three, or your own weights."
        ),
    )
    decoder = _share(0.4, "decoder cosine")
    coactivation = _share(0.3, "co-activation")
    function = _share(0.3, "cosine of effects")
    map = fields.String(
        load_default="pca",
        validate=validate.OneOf(("pca", "umap")),
        metadata=described("umap keeps neighbours together and is not to scale; from 30 features."),
    )


class Cluster(Answer):
    cluster = whole("Number.")
    features = wholes("Members.")
    size = whole("How many.")
    silhouette = real("Mean silhouette.")
    jaccard = real("Mean overlap with its best partner on resampled episodes.")
    stable = yes("That overlap is at least 0.6.")
    name = text("Name of the member with the greatest effect.")
    edits = many(FeatureEdit, "All members scaled by 1.2 (at most 64): an arm of a run.")


class MapPoint(Answer):
    feature_idx = whole("Feature.")
    x = real("First axis.")
    y = real("Second axis.")
    cluster = whole("Cluster; null when the features were too many for this one to be grouped.", none=True)
    silhouette = real("How well it fits there.")


class Map(Answer):
    method = text("How it was drawn.")
    to_scale = yes("Whether distances on it mean anything.")
    shown_variance = real("Share of the variance that two axes show; null for UMAP.")
    points = many(MapPoint)


class Antipodal(Answer):
    features = wholes("Two features that write nearly opposite directions.")
    cosine = real("Their cosine.")


class ClusterWeights(Answer):
    decoder = real("Of the decoder cosine.")
    coactivation = real("Of co-activation.")
    function = real("Of the cosine of effects.")


class Clusters(Answer):
    view = one_of(CLUSTER_VIEWS, "As asked.")
    weights = nested(ClusterWeights, "Of the three similarities; negatives count as 0.")
    reliable = yes("Better than chance and stable; if not, do not read meaning into the groups.")
    verdict = text("The same in words.")
    mean_silhouette = real("Of the cut.")
    null_silhouette = real("95th percentile under chance.")
    ari = real("Mean adjusted Rand index on resampled episodes; 1 where the view does not depend on them.")
    cophenetic = real("Correlation of the tree's heights with the distances.")
    grouped = whole("Features that were grouped: of those taking part the 512 that fire most often.")
    taking_part = whole("Features that fire neither almost never nor almost always; the map shows them all.")
    clusters = many(Cluster)
    map = nested(Map, none=True)
    antipodal = many(Antipodal, "Kept apart, since they would otherwise look unlike.")
