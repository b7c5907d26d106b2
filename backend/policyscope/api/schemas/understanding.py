"""The analysis of an SAE's features: the table, one feature's dashboard, notes."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    Answer,
    Real,
    Request,
    described,
    interval,
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
from policyscope.api.schemas.jobs import STATES
from policyscope.core.feature_search import KINDS
from policyscope.services.closed_loop import SOURCES
from policyscope.services.feature_table import ASSOCIATED, EFFECTIVE, SORTS

BADGES = (
    "dead", "episode-specific", "general", "transient", "tonic", "periodic", "dense", "phase tile",
)  # fmt: skip


class AnalysisAccepted(Answer):
    job_id = text("Job to follow; null when the analysis is there already.", none=True)
    state = one_of(STATES, "State of the job, or done.")


class Made(Answer):
    job_id = text("The job that makes it now; null when none does.", none=True)
    state = one_of((*STATES, "absent"), "done: it can be read; absent: ask for it; else that of the job.")


class TableQuery(Request):
    target = fields.String(
        load_default="action:0",
        validate=validate.Length(1, 80),
        metadata=described("action:0, obs:3, reward or measure:speed; the answer lists all."),
    )
    sort_by = fields.String(
        load_default="ablation_effect",
        validate=validate.OneOf(SORTS),
        metadata=described("Order; weights and gains by size."),
    )
    order = fields.String(
        load_default=None,
        validate=validate.OneOf(("asc", "desc")),
        metadata=described("Best first by default. Undefined values come last."),
    )
    page = fields.Integer(load_default=1, validate=validate.Range(1), metadata=described("From 1."))
    page_size = fields.Integer(
        load_default=50, validate=validate.Range(1, 500), metadata=described("Features on a page.")
    )
    alive = fields.Boolean(load_default=False, metadata=described("Leave out features that never fire."))
    min_density = fields.Float(load_default=None, metadata=described("Least share of active samples."))
    max_q = fields.Float(load_default=None, metadata=described("Greatest q-value."))
    min_percentile = fields.Float(load_default=None, metadata=described("Least output percentile."))
    badge = fields.String(
        load_default=None, validate=validate.OneOf(BADGES), metadata=described("Only with this badge.")
    )
    tag = fields.String(load_default=None, metadata=described("Only with this tag of yours."))
    collection = fields.String(
        load_default=None,
        validate=validate.Length(1, 60),
        metadata=described("Only what is in this collection: its id, or bookmarks."),
    )
    search = fields.String(
        load_default=None,
        validate=validate.Length(1, 80),
        metadata=described(
            "What a feature responds to or does, in your words (right knee, stance, pitch forward), or words "
            "of notes and tags; sort_by=match for the best first."
        ),
    )


class Target(Answer):
    key = text("As sent in target.")
    title = text("Name to show.")
    unit = text("Unit.")
    n = whole("Values: one per step, or one per episode for a behaviour measure.")
    cv_r2 = real("R² of all features together on held-out episodes. Near 1 is expected of an action.")
    weight_lambda = real("Penalty of the guide's ridge.")


class Note(Answer):
    name = text("A person's own name for the feature.", none=True)
    text_ = fields.String(
        required=True, data_key="text", attribute="text", metadata=described("What was noted.")
    )
    tags = texts("Tags.")
    updated_at = text("When, ISO-8601.", none=True)


class NoteRequest(Request):
    name = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 120),
        metadata=described("Your own name for the feature; the computed one stays beside it."),
    )
    text_ = fields.String(
        load_default="",
        data_key="text",
        attribute="text",
        validate=validate.Length(max=10_000),
        metadata=described("Notes."),
    )
    tags = fields.List(
        name_field("A tag.", 40),
        load_default=list,
        validate=validate.Length(max=20),
        metadata=described("Tags."),
    )


class ClosedLoopEffect(Answer):
    """From a finished run that pushed this feature alone."""

    source = one_of(
        SOURCES, "A comparison's arm, a scan's confirmation on fresh seeds, …; scan: one of many."
    )

    run_id = text("Run.")
    arm = text("Arm.")
    op = text("Operation.")
    value = real("Its value.")
    dose = real("Signed action displacement, for what studies pushed.")
    env = text("Environment.")
    n = whole("Pairs of seeds.")
    mean_difference = real("Mean paired difference of the return.")
    ci = interval("95 % bootstrap interval.")
    p_value = real("Sign-flip test, not adjusted for what else was run.")
    fall_difference = real("Difference of the fall rates.")
    measure = text("Name of the behaviour measure of the study.", none=True)
    unit = text("Its unit.", none=True)
    measure_difference = real("Mean paired difference of that measure.")
    measure_ci = interval("95 % bootstrap interval.")
    inferential = yes("There are enough pairs, and it was not picked from the many pushes of a scan.")


class SearchReason(Answer):
    kind = one_of(KINDS, "What says so: the feature's number, a note, what it does, when it fires.")
    text = text("The clause that fits.")
    marks = fields.List(
        fields.List(fields.Integer(), validate=validate.Length(equal=2)),
        required=True,
        metadata=described("From and to of the characters of text that answer the search."),
    )


class ReadAs(Answer):
    word = text("A word or phrase of the search …")
    means = texts("… and what it is called in this environment; each word of one of these must be there.")


class FeatureSearch(Answer):
    question = text("What was searched for.")
    read_as = many(ReadAs, "How words were understood beside themselves.")
    unknown_words = texts("Words that neither the environment nor any feature says.")
    names = texts("Words of the environment's own names.")
    also = texts("Words that are understood beside those.")


class TableRow(Answer):
    feature_idx = whole("Latent of the SAE.")
    name = text("“when → does”, or unnamed.")
    badges = texts("How it fires.")
    note = nested(Note)
    dead = yes("Never active on the cached samples.")
    density = real("Share of samples on which it is active.")
    mean_active = real("Mean activation when active.")
    max_activation = real("Largest activation.")
    decoder_norm = real("Length of its decoder direction.")
    weight = real("The guide's ridge weight of Z w = y, for this target.")
    standardized_weight = real("Linear association: ridge weight in SDs of the target per SD of the feature.")
    marginal_r2 = real("R² of this feature alone, on held-out episodes.")
    unique_r2 = real("R² that the regression on all features loses without it, on held-out episodes.")
    p_value = real("Marginal association against shifts in time (permuted episodes for a measure).")
    q_value = real("Its false discovery rate over all features.")
    ablation_effect = real(
        "RMS change when the feature is removed, in SDs of the target action; of all actions together for "
        "another target."
    )
    ablation_mean = real("Mean signed change over its active states, in action units; actions only.")
    local_gain = real("Change of the action per unit of α, to first order; actions only.")
    output_percentile = real(
        "How far its direction moves the actions, as a percentile among 500 random directions of its length "
        "drawn like the activations."
    )
    output_percentile_isotropic = real("The same among directions drawn evenly in all directions.")
    auroc = real("Held-out AUROC of the rule in its name.")
    disagreement = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf((ASSOCIATED, EFFECTIVE)),
        metadata=described("Where association and effect rank it very differently; null elsewhere."),
    )
    match = fields.List(
        fields.Nested(SearchReason),
        required=True,
        allow_none=True,
        metadata=described("Why it fits the search; null without one."),
    )
    closed_loop = nested(
        ClosedLoopEffect,
        "What was measured of the return: by a run of its own before a scan; null until it was.",
        none=True,
    )


class FeatureTable(Answer):
    features = many(TableRow, "One page, in order.")
    search = nested(FeatureSearch, "How the search was understood; null without one.", none=True)
    target = nested(Target)
    targets = many(Target, "What can be asked for.")
    left_out = texts("Behaviour measures that cannot be a target here, and why.")
    sort_by = one_of(SORTS, "Order.")
    order = one_of(("asc", "desc"), "Direction.")
    page = whole("This page.")
    page_size = whole("Features on a page.")
    pages = whole("Pages.")
    matching = whole("Features that pass the filters.")
    d_latent = whole("Features in all.")
    dead_features = whole("Features never active.")
    n_samples = whole("Cached samples analysed.")


class When(Answer):
    text_ = fields.String(
        required=True, allow_none=True, data_key="text", attribute="text",
        metadata=described("The rule in words; null when it is not good enough."),
    )  # fmt: skip
    auroc = real("On held-out episodes.")
    balanced_accuracy = real("On held-out episodes.")
    reason = text("Why there is no rule.", none=True)


class Moved(Answer):
    action = text("Action.")
    mean = real("Mean change while active, in SDs of the action.")
    threshold = real("99th percentile of random directions of its length.")


class FeatureName(Answer):
    text_ = fields.String(
        required=True, data_key="text", attribute="text", metadata=described("“when → does”, or unnamed.")
    )
    when = nested(When)
    does = many(Moved, "Actions it moves beyond chance, strongest first.")


class FeatureStatistics(Answer):
    density = real("Share of samples on which it is active.")
    mean_active = real("Mean activation when active.")
    max_activation = real("Largest activation.")
    decoder_norm = real("Length of its decoder direction.")
    ablation_pooled = real("RMS change of all actions when it is removed, in pooled SDs.")
    output_percentile = real("Among 500 random directions drawn like the activations.")
    output_percentile_isotropic = real("Among 500 drawn evenly.")
    coverage = real("Share of episodes in which it fires.")
    onsets = real("Onsets per episode; silences of up to 2 steps do not count.")
    mean_run = real("Mean length of a run, as a share of the episode.")
    mean_over_max = real("Mean activation when active over the largest.")
    early_share = real("Share of its activity within the first second.")
    onset_rate = real("Onsets per second.")


class ActionEffect(Answer):
    name = text("Action.")
    ablation_effect = real("RMS change when it is removed, in SDs of the action.")
    ablation_mean = real("Mean signed change over active states, in action units.")
    local_gain = real("Change per unit of α.")
    chance = real(
        "99th percentile of the size of ablation_mean among random directions of its length, drawn like the "
        "activations; in action units. Null for a feature that never fires."
    )


class Association(Answer):
    target = text("Target.")
    title = text("Its name.")
    standardized_weight = real("Linear association.")
    marginal_r2 = real("Alone, on held-out episodes.")
    unique_r2 = real("Beyond the other features.")
    p_value = real("Against shifts in time.")
    q_value = real("False discovery rate.")


class Phase(Answer):
    mean = real("Weighted mean phase of the stride, 0 to 1; 0 is the first leg's touch-down.")
    concentration = real("0 = any time, 1 = always the same moment.")
    tile_r2 = real("R² of one bump in phase.")
    tile = yes("One bump explains it: it says where in the stride, and little else.")
    curve = fields.List(Real(), required=True, metadata=described("Mean latent in 48 bins of phase."))
    stride_rate = real("Strides per second.")


class Cut(Answer):
    share = real("Share of the active samples …", none=False)
    value = real("… that lie below this.", none=False)


class Histogram(Answer):
    edges = fields.List(Real(), required=True, metadata=described("Bin edges of positive latents."))
    counts = wholes("Samples per bin.")
    inactive = whole("Samples at 0.")
    density = real("Share active.")
    cuts = many(Cut, "Quantiles of the active samples; none when it never fires.")


class Clip(Answer):
    row = whole("Row of the cached data.")
    start = whole("First row of the clip.")
    stop = whole("After its last row.")
    episode = whole("Episode.")
    step = whole("Step of the moment.")
    first_step = whole("Step at which the clip starts.")
    value = real("The latent at the moment.")
    latent = fields.List(Real(), required=True, metadata=described("The latent, step by step."))
    actions = fields.List(
        fields.List(Real()), required=True, allow_none=True,
        metadata=described("Per action, step by step; null in quantile clips: …/clip?row= has them."),
    )  # fmt: skip
    contacts = fields.List(
        fields.List(fields.Boolean()), required=True, allow_none=True,
        metadata=described("Per leg: on the floor? Null without legs and in quantile clips."),
    )  # fmt: skip


class Quantile(Answer):
    low = real("Above this …")
    high = real("… up to this.")
    count = whole("Samples.")
    clips = many(Clip, "Drawn at random from them.")


class Neighbour(Answer):
    feature_idx = whole("Feature.")
    similarity = real("From −1 to 1.")


class Nearest(Answer):
    cosine = many(Neighbour, "By decoder direction.")
    coactivation = many(Neighbour, "By firing together (phi).")


class Dashboard(Answer):
    feature_idx = whole("Latent of the SAE.")
    name = nested(FeatureName)
    badges = texts("How it fires.")
    note = nested(Note)
    statistics = nested(FeatureStatistics)
    actions = many(ActionEffect, "What it does to each action.")
    associations = many(Association, "What it goes with; not what it drives.")
    phase = nested(Phase, "Null without a rhythm.", none=True)
    histogram = nested(Histogram)
    env = text("Environment of the cached data; null when they do not say.", none=True)
    undrawn = text("Why its moments cannot be drawn as clips; null when they can.", none=True)
    dt = real("Seconds per step of the clips.")
    legs = texts("Order of the contacts.")
    top = many(Clip, "Strongest moments, at most one per episode while episodes last.")
    quantiles = many(Quantile, "Eleven equal intervals of activation, from the highest.")
    random_active = many(Clip, "Any active moments.")
    random_inactive = many(Clip, "Any moments of silence.")
    nearest = nested(Nearest)
    closed_loop = many(ClosedLoopEffect, "From finished runs, newest first.")
