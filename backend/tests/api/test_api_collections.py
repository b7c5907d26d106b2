"""Collections of features and saved views over HTTP."""

import pytest


@pytest.fixture
def model(client):
    return client.with_sae()


def listed(client, model):
    return client("GET", f"/model/{model}/collections")["collections"]


def numbers(collection):
    return [entry["feature_idx"] for entry in collection["features"]]


def test_a_feature_is_bookmarked_and_let_go(client, model):
    (bookmarks,) = listed(client, model)
    assert (bookmarks["name"], bookmarks["bookmarks"], numbers(bookmarks)) == ("bookmarks", True, [])
    path = f"/model/{model}/collection/bookmarks/feature"
    client("PUT", f"{path}/5", {"note": "look again"})
    client("PUT", f"{path}/2", {})
    client("PUT", f"{path}/5", {})  # once more changes nothing
    (found,) = listed(client, model)
    assert found["id"] == bookmarks["id"]
    assert numbers(found) == [5, 2]
    assert found["features"][0]["note"] == "look again"
    assert found["features"][0]["effect"] is None  # nothing has been analysed
    client("DELETE", f"{path}/5")
    client("DELETE", f"{path}/5")
    assert numbers(client("GET", f"/model/{model}/collection/bookmarks")) == [2]
    client("PUT", f"{path}/16", {}, expect=400)
    client("PATCH", f"/model/{model}/collection/bookmarks", {"name": "mine"}, expect=409)
    client("DELETE", f"/model/{model}/collection/bookmarks")
    assert numbers(listed(client, model)[0]) == []


def test_collections_have_names_of_their_own_and_notes(client, model):
    wanted = {"name": "swing", "features": [{"feature_idx": 3, "note": "up"}, {"feature_idx": 1}]}
    made = client("POST", f"/model/{model}/collections", wanted, 201)
    assert [(e["feature_idx"], e["note"]) for e in made["features"]] == [(3, "up"), (1, "")]
    path = f"/model/{model}/collection/{made['id']}"
    taken = client("POST", f"/model/{model}/collections", {"name": "swing"}, 409)["error"]
    assert "swing" in taken["fields"]["name"]
    client("POST", f"/model/{model}/collections", {"name": "bookmarks"}, 409)
    client("POST", f"/model/{model}/collections", {"name": "a\nb"}, 422)
    client("POST", f"/model/{model}/collections", {"name": "x", "features": [{"feature_idx": 99}]}, 400)
    assert len(listed(client, model)) == 2  # the refused one left nothing
    assert client("PATCH", path, {"name": "stance"})["name"] == "stance"
    client("PUT", f"{path}/feature/3", {"note": "down"})
    (row,) = [e for e in client("GET", path)["features"] if e["feature_idx"] == 3]
    assert row["note"] == "down"
    lines = client.http.get(f"{path}/features.csv").get_data(as_text=True).splitlines()
    assert lines[0] == "feature_idx,name,effect,density,note,added_at"
    assert lines[1].startswith("3,,,,down,")
    client("DELETE", path)
    for method, body in (("GET", None), ("PATCH", {"name": "y"}), ("DELETE", None)):
        client(method, path, body, expect=404)


def test_they_belong_to_one_sae_and_go_with_its_model(client, model):
    client("PUT", f"/model/{model}/collection/bookmarks/feature/5", {})
    own = client("POST", f"/model/{model}/collections", {"name": "own"}, 201)["id"]
    other = client.with_sae()
    assert numbers(listed(client, other)[0]) == []
    client("GET", f"/model/{other}/collection/{own}", expect=404)
    client("DELETE", f"/model/{model}/sae")
    assert client("GET", f"/model/{model}/collections", expect=404)["error"]["code"] == "no_sae"
    client("POST", f"/model/{model}/load_sae", {"artifacts_dir": "pendulum_w8"})
    assert numbers(listed(client, model)[0]) == [5]
    client("DELETE", f"/model/{model}")
    client("GET", f"/model/{model}/collections", expect=404)


def test_the_table_is_filtered_by_a_collection_which_then_knows_effects(client, model):
    client.finished(client("POST", f"/model/{model}/analyse", expect=202)["job_id"], 60)
    for feature in (4, 9):
        client("PUT", f"/model/{model}/collection/bookmarks/feature/{feature}", {})
    rows = client("GET", f"/model/{model}/features?collection=bookmarks")
    assert sorted(row["feature_idx"] for row in rows["features"]) == [4, 9]
    assert rows["matching"] == 2
    effects = {row["feature_idx"]: row["density"] for row in rows["features"]}
    shown = client("GET", f"/model/{model}/collection/bookmarks")["features"]
    assert {entry["feature_idx"]: entry["density"] for entry in shown} == effects
    client("GET", f"/model/{model}/features?collection=c_none", expect=404)
    empty = client("POST", f"/model/{model}/collections", {"name": "none"}, 201)["id"]
    assert client("GET", f"/model/{model}/features?collection={empty}")["matching"] == 0


def test_views_are_saved_renamed_and_deleted(client, model):
    address = f"?model={model}&screen=features&table=%7B%22badge%22%3A%22dead%22%7D"
    made = client("POST", "/views", {"name": "dead ones", "address": address, "model_id": model}, 201)
    free = client("POST", "/views", {"name": "start", "address": ""}, 201)
    assert [view["name"] for view in client("GET", "/views")["views"]] == ["start", "dead ones"]
    assert made["address"] == address
    assert client("PATCH", f"/view/{made['id']}", {"name": "dead"})["name"] == "dead"
    client("DELETE", f"/view/{free['id']}")
    client("DELETE", f"/view/{free['id']}", expect=404)
    for bad in (
        "javascript:alert(1)",
        "https://elsewhere.example/?model=x",
        "?a b",
        "?a\n",
        "?" + "x" * 8001,
    ):
        client("POST", "/views", {"name": "bad", "address": bad}, 422)
    client("POST", "/views", {"name": "gone", "address": "?", "model_id": "m_none"}, 404)
    client("DELETE", f"/model/{model}")
    assert client("GET", "/views")["views"] == []
