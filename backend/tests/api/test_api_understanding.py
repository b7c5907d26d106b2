"""Analysis, feature table, dashboards, notes and clusters over HTTP."""

import pytest
import tiny


@pytest.fixture
def analysed(client):
    model_id = client.with_sae()
    accepted = client("POST", f"/model/{model_id}/analyse", expect=202)
    job = client.finished(accepted["job_id"], 60)
    assert job["state"] == "done", job
    return model_id


def table(client, model_id, query="", expect=200):
    return client("GET", f"/model/{model_id}/features{query}", expect=expect)


def test_before_the_analysis_the_answer_says_what_to_do(client):
    model_id = client.with_sae()
    for path in ("features", "feature/0", "clusters"):
        error = client("GET", f"/model/{model_id}/{path}", expect=409)["error"]
        assert error["code"] == "not_analysed"
        assert f"POST /model/{model_id}/analyse" in error["message"]
    absent = {"job_id": None, "state": "absent"}
    assert client("GET", f"/model/{model_id}/analysis") == absent
    assert client("GET", f"/model/{model_id}/clustering?view=custom") == absent
    bare = client.model()
    assert client("POST", f"/model/{bare}/analyse", expect=404)["error"]["code"] == "no_sae"
    assert client("GET", f"/model/{bare}/analysis", expect=404)["error"]["code"] == "no_sae"


def test_what_has_been_made_is_a_state(client, analysed):
    done, absent = {"job_id": None, "state": "done"}, {"job_id": None, "state": "absent"}
    assert client("GET", f"/model/{analysed}/analysis") == done
    assert client("GET", f"/model/{analysed}/clustering") == done
    own = "?view=custom&decoder=1&coactivation=0&function=0"
    assert client("GET", f"/model/{analysed}/clustering{own}") == absent
    shares = {"view": "custom", "decoder": 1, "coactivation": 0, "function": 0}
    job_id = client("POST", f"/model/{analysed}/clusters", shares, 202)["job_id"]
    found = client("GET", f"/model/{analysed}/clustering{own}")
    assert found["job_id"] in (job_id, None)
    assert client.finished(job_id, 60)["state"] == "done"
    assert client("GET", f"/model/{analysed}/clustering{own}") == done
    none = "?view=custom&decoder=0&coactivation=0&function=0"
    client("GET", f"/model/{analysed}/clustering{none}", expect=400)


def test_an_analysis_is_made_once(client, analysed):
    assert client("POST", f"/model/{analysed}/analyse", expect=202) == {"job_id": None, "state": "done"}


def test_the_table_is_sorted_filtered_and_paged_here(client, analysed):
    whole = table(client, analysed)
    assert (whole["d_latent"], whole["matching"], whole["pages"]) == (16, 16, 1)
    assert whole["sort_by"] == "ablation_effect"
    effects = [row["ablation_effect"] for row in whole["features"]]
    assert effects == sorted(effects, reverse=True)
    assert [t["key"] for t in whole["targets"]] == ["action:0", "obs:0", "obs:1", "obs:2"]
    second = table(client, analysed, "?page=2&page_size=5")
    assert second["pages"] == 4
    assert second["features"] == whole["features"][5:10]
    dense = table(client, analysed, "?min_density=0.5&sort_by=density&order=asc")
    assert 0 < dense["matching"] < 16
    assert all(row["density"] >= 0.5 for row in dense["features"])
    densities = [row["density"] for row in dense["features"]]
    assert densities == sorted(densities)
    other = table(client, analysed, "?target=obs:1&sort_by=q_value")
    assert other["features"][0]["local_gain"] is None
    assert other["features"][0]["q_value"] <= other["features"][-1]["q_value"]


def test_the_guides_weight_and_the_effect_are_those_of_interpret(client, analysed):
    body = {"target_dim": 0, "top_k": 16, "sort_by": "ablation_effect"}
    guide = client("POST", f"/model/{analysed}/interpret_features", body)["features"]
    rows = table(client, analysed)["features"]
    assert [row["feature_idx"] for row in rows] == [row["feature_idx"] for row in guide]
    for ours, theirs in zip(rows, guide, strict=True):
        for name in ("weight", "ablation_effect", "local_gain", "density"):
            assert ours[name] == pytest.approx(theirs[name])


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?target=action:9", 400, "action:0"),
        ("?sort_by=beauty", 422, "sort_by"),
        ("?page=99", 400, "page"),
        ("?target=obs:0&sort_by=local_gain", 400, "actions only"),
    ],
)
def test_questions_that_cannot_be_answered(client, analysed, query, status, words):
    error = table(client, analysed, query, status)["error"]
    assert words in error["message"] + str(error["fields"])


def test_one_feature(client, analysed):
    page = client("GET", f"/model/{analysed}/feature/3")
    assert page["feature_idx"] == 3
    assert page["name"]["text"] == "unnamed"  # this data set has no episodes to name from
    assert page["name"]["when"]["reason"]
    assert sum(page["histogram"]["counts"]) + page["histogram"]["inactive"] == 400
    top = page["top"][0]
    assert top["value"] == max(clip["value"] for clip in page["top"])
    assert len(top["latent"]) == top["stop"] - top["start"] == len(top["actions"][0])
    assert top["latent"][top["row"] - top["start"]] == pytest.approx(top["value"], rel=1e-3)
    assert len(page["quantiles"]) == 11
    assert all(clip["value"] == 0 for clip in page["random_inactive"])
    assert page["nearest"]["cosine"][0]["similarity"] >= page["nearest"]["cosine"][-1]["similarity"]
    assert page["nearest"]["cosine"][-1]["feature_idx"] != 3
    beyond = {action["name"] for action in page["actions"] if abs(action["ablation_mean"]) > action["chance"]}
    assert {moved["action"] for moved in page["name"]["does"]} <= beyond
    assert page["phase"] is None
    assert page["closed_loop"] == []
    assert client("GET", f"/model/{analysed}/feature/16", expect=400)["error"]["fields"]["feature_idx"]


def test_notes_are_kept_shown_and_searched(client, analysed):
    body = {"name": "brake", "text": "slows the swing", "tags": ["swing", "swing", "mine"]}
    note = client("PUT", f"/model/{analysed}/feature/5/note", body)
    assert (note["name"], note["tags"]) == ("brake", ["swing", "mine"])
    assert client("GET", f"/model/{analysed}/feature/5")["note"] == note
    found = table(client, analysed, "?search=SWING")
    assert [row["feature_idx"] for row in found["features"]] == [5]
    by_tag = table(client, analysed, "?search=mine")["features"]
    assert [(row["feature_idx"], row["match"][0]["text"]) for row in by_tag] == [(5, "mine")]
    assert found["features"][0]["match"] == [{"kind": "note", "text": "slows the swing", "marks": [[10, 15]]}]
    assert found["search"]["question"] == "SWING"
    assert table(client, analysed, "?tag=mine")["features"][0]["note"] == note
    client("DELETE", f"/model/{analysed}/sae")
    client("POST", f"/model/{analysed}/load_sae", {"artifacts_dir": "pendulum_w8"})
    assert client("GET", f"/model/{analysed}/feature/5")["note"] == note
    empty = client("PUT", f"/model/{analysed}/feature/5/note", {})
    assert (empty["name"], empty["text"], empty["tags"]) == (None, "", [])
    client("PUT", f"/model/{analysed}/feature/99/note", {}, expect=400)
    client("PUT", f"/model/{analysed}/feature/5/note", {"tags": [""]}, expect=422)


def test_a_search_says_why_a_feature_fits_and_what_else_could_be_asked(client, analysed):
    page = client("GET", f"/model/{analysed}/feature/3")
    (moved, *_) = page["name"]["does"]
    verb = "raises" if moved["mean"] > 0 else "lowers"
    found = table(client, analysed, f"?search={verb}+{moved['action']}&sort_by=match")
    reasons = {row["feature_idx"]: row["match"][0] for row in found["features"]}
    assert reasons[3]["kind"] == "does"
    assert reasons[3]["text"] == f"{verb} {moved['action']}"
    other = "lowers" if verb == "raises" else "raises"
    assert 3 not in {
        row["feature_idx"] for row in table(client, analysed, f"?search={other}+torque")["features"]
    }
    nothing = table(client, analysed, "?search=banana")
    assert (nothing["matching"], nothing["search"]["unknown_words"]) == (0, ["banana"])
    assert "angular" in nothing["search"]["names"]
    assert "spin" in nothing["search"]["also"]
    assert table(client, analysed)["search"] is None
    error = table(client, analysed, "?sort_by=match", 400)["error"]
    assert "search" in error["fields"]["sort_by"]


def test_what_runs_measured_is_shown_beside_the_feature(client, analysed):
    arms = [{"name": "pushed", "edits": [{"feature_idx": 2, "op": "add", "value": 1.5}]}]
    run = client.run(analysed, episodes=6, arms=arms)
    (effect,) = client("GET", f"/model/{analysed}/feature/2")["closed_loop"]
    assert effect["run_id"] == run["id"]
    assert effect["mean_difference"] == run["comparisons"][0]["return"]["mean_difference"]
    rows = {row["feature_idx"]: row for row in table(client, analysed)["features"]}
    assert rows[2]["closed_loop"] == effect
    assert rows[3]["closed_loop"] is None


def test_studies_are_shown_too_and_the_table_is_ordered_by_them(client, analysed):
    study = {"env": tiny.ENV, "episodes": 6, "max_steps": 12, "measure": "return"}
    scan = client(
        "POST", f"/model/{analysed}/scan", {**study, "features": 3, "winners": 1, "confirm_episodes": 6}, 202
    )
    dose = client(
        "POST", f"/model/{analysed}/dose_response",
        {**study, "feature_idx": 2, "doses": [0.02, 0.05], "random_directions": 0}, 202,
    )  # fmt: skip
    for accepted in (scan, dose):
        assert client.finished(accepted["job_id"])["state"] == "done"

    shown = client("GET", f"/model/{analysed}/feature/2")["closed_loop"]
    points = client("GET", f"/run/{dose['run_id']}/effects")["dose_response"]["points"]
    of_dose = [effect for effect in shown if effect["source"] == "dose_response"]
    assert [effect["dose"] for effect in of_dose] == [point["dose"] for point in points]
    assert [effect["ci"] for effect in of_dose] == [point["ci"] for point in points]

    table_rows = table(client, analysed, "?sort_by=closed_loop")["features"]
    effects = {row["feature_idx"]: row["closed_loop"] for row in table_rows}
    assert (effects[2]["source"], effects[2]["dose"]) == ("dose_response", pytest.approx(0.05, abs=0.01))
    one_of_many = [e for e in effects.values() if e and e["source"] == "scan"]
    assert one_of_many
    assert not any(e["inferential"] for e in one_of_many)
    assert all(e["dose"] > 0 for e in one_of_many)  # the upward push, not the larger of two
    measured = [abs(e["mean_difference"]) for e in effects.values() if e]
    assert measured == sorted(measured, reverse=True)
    assert all(e is None for e in list(effects.values())[len(measured) :])


def test_clusters_and_a_cluster_as_an_arm(client, analysed):
    for view in ("combined", "decoder", "coactivation", "function"):
        found = client("GET", f"/model/{analysed}/clusters?view={view}")
        assert found["verdict"]
        members = [j for cluster in found["clusters"] for j in cluster["features"]]
        assert sorted(members) == sorted(point["feature_idx"] for point in found["map"]["points"])
    edits = found["clusters"][0]["edits"]
    run = client.run(analysed, arms=[{"name": "cluster", "edits": edits}])
    assert len(run["arms"][1]["edits"]) == found["clusters"][0]["size"]
    client("GET", f"/model/{analysed}/clusters?view=taste", expect=422)


def test_clusters_by_weights_of_your_own(client, analysed):
    path = f"/model/{analysed}/clusters"
    wanted = {"view": "custom", "decoder": 2, "coactivation": 0, "function": 2}
    query = "?view=custom&decoder=2&coactivation=0&function=2"
    error = client("GET", path + query, expect=409)["error"]
    assert error["code"] == "not_clustered"
    accepted = client("POST", path, wanted, 202)
    assert client.finished(accepted["job_id"], 60)["state"] == "done"
    found = client("GET", path + query)
    assert found["weights"] == {"decoder": 0.5, "coactivation": 0.0, "function": 0.5}
    assert found["map"]["to_scale"] is True
    assert client("GET", path)["weights"] == {"decoder": 0.4, "coactivation": 0.3, "function": 0.3}
    same = {**wanted, "decoder": 1, "function": 1}
    assert client("POST", path, same, 202) == {"job_id": None, "state": "done"}
    assert client("POST", path, {"view": "function"}, 202)["job_id"] is None
    client("POST", path, {**wanted, "decoder": 0, "function": 0}, 400)
    client("POST", path, {**wanted, "decoder": -1}, 422)
    assert "at least 30" in client("POST", path, {"map": "umap"}, 400)["error"]["message"]


def test_an_sae_without_data_cannot_be_analysed(client, artifacts):
    tiny.write_directory(artifacts, "bare", tiny.Recipe(data=False))
    model_id = client.with_sae("bare")
    error = client("POST", f"/model/{model_id}/analyse", expect=400)["error"]
    assert error["message"].startswith("Need SAE + cached data")


def test_recorded_episodes_give_measures_and_names(client, artifacts):
    tiny.write_episodes(tiny.write_directory(artifacts, "episodes"))
    model_id = client.with_sae("episodes")
    client.finished(client("POST", f"/model/{model_id}/analyse", expect=202)["job_id"], 60)
    found = table(client, model_id, "?target=measure:effort")
    assert found["target"]["n"] == 10
    assert any(sentence.startswith("Episode length") for sentence in found["left_out"])
    named = [row for row in table(client, model_id)["features"] if row["name"] != "unnamed"]
    assert named  # Pendulum's activations are functions of its three observations
    assert min(row["auroc"] for row in named) >= 0.85
