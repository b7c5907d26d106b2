"""What features mean: analysis, table, dashboards, notes, clusters."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.clusters import Clusters, ClustersRequest
from policyscope.api.schemas.understanding import (
    AnalysisAccepted,
    Dashboard,
    FeatureTable,
    Made,
    Note,
    NoteRequest,
    TableQuery,
)
from policyscope.services import analyses, clusterings, dashboards, feature_notes, feature_table

understanding = Views("understanding", __name__, description="What each feature responds to and does.")


@understanding.route("/model/<model_id>/analyse", methods=["POST"])
@understanding.response(202, AnalysisAccepted)
def analyse_features(model_id: str) -> Any:
    """Analyse all features, once per SAE and policy; seconds to a minute."""
    return analyses.start(workspace(), model_id)


@understanding.route("/model/<model_id>/analysis")
@understanding.response(200, Made)
def get_analysis_state(model_id: str) -> Any:
    """Whether the features have been analysed. Not having been is a state here, and no error."""
    return analyses.state(workspace(), model_id)


@understanding.route("/model/<model_id>/features")
@understanding.arguments(TableQuery, location="query")
@understanding.response(200, FeatureTable)
def list_features(query: dict[str, Any], model_id: str) -> Any:
    """A page of the feature table for one target; 409 before the analysis."""
    return feature_table.read(workspace(), model_id, query)


@understanding.route("/model/<model_id>/feature/<int:feature_idx>")
@understanding.response(200, Dashboard)
def get_feature(model_id: str, feature_idx: int) -> Any:
    """Everything about one feature; 409 before the analysis."""
    return dashboards.read(workspace(), model_id, feature_idx)


@understanding.route("/model/<model_id>/feature/<int:feature_idx>/note", methods=["PUT"])
@understanding.arguments(NoteRequest)
@understanding.response(200, Note)
def put_note(wanted: dict[str, Any], model_id: str, feature_idx: int) -> Any:
    """Replace your own name, notes and tags of a feature."""
    return feature_notes.put(workspace(), model_id, feature_idx, **wanted)


@understanding.route("/model/<model_id>/clusters")
@understanding.arguments(ClustersRequest, location="query")
@understanding.response(200, Clusters)
def list_clusters(query: dict[str, Any], model_id: str) -> Any:
    """Groups of like features, and whether they are more than chance; 409 before they were made."""
    return clusterings.read(workspace(), model_id, query)


@understanding.route("/model/<model_id>/clustering")
@understanding.arguments(ClustersRequest, location="query")
@understanding.response(200, Made)
def get_clustering_state(query: dict[str, Any], model_id: str) -> Any:
    """Whether these clusters have been made. Not having been is a state here, and no error."""
    return clusterings.state(workspace(), model_id, query)


@understanding.route("/model/<model_id>/clusters", methods=["POST"])
@understanding.arguments(ClustersRequest)
@understanding.response(202, AnalysisAccepted)
def make_clusters(wanted: dict[str, Any], model_id: str) -> Any:
    """Group by your own weights of the three views, or draw a UMAP map; made once and kept."""
    return clusterings.start(workspace(), model_id, wanted)
