import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { renderAt } from "@/testing/render";

import { parseView, useView } from "./view";

test("what an address says", () => {
  expect(
    parseView({ model: "m_1", tap: 4, target: "2", feature: "105", alpha: "-2.5", run: "r_1", study: "r_2" }),
  ).toEqual({
    model: "m_1",
    tap: 4,
    target: 2,
    feature: 105,
    alpha: -2.5,
    run: "r_1",
    study: "r_2",
  });
});

test.each([
  ["tap", "-1"],
  ["tap", "1.5"],
  ["feature", "many"],
  ["alpha", "Infinity"],
  ["alpha", ""],
  ["model", 7],
  ["run", ""],
])("%s=%j is dropped, not guessed", (name, value) => {
  expect(parseView({ [name]: value })[name as "tap"]).toBeUndefined();
});

test("what of a panel is open: what is known is kept, the rest dropped", () => {
  const known = { kind: "scan", measure: "speed", network: "weights", against: "sae_2" };
  expect(parseView(known)).toMatchObject(known);
  expect(parseView({ kind: "comparison", network: "drawing", measure: 3, against: "" })).toEqual({});
  const table = { show: "clusters", alike: "custom", map: "umap", shares: [1, 0, 0.5] };
  expect(parseView({ table }).table).toEqual(table);
  const wrong = { alike: "combined", map: "pca" };
  for (const shares of [[0, 0, 0], [1, 2, 0], [1, 0], "1,0,0", [1, "0", 1]])
    expect(parseView({ table: { ...wrong, shares } }).table).toBeUndefined();
});

test("the table's part of an address: what fits is kept, the rest dropped", () => {
  const table = {
    target: "obs:3",
    sort: "density",
    order: "up",
    search: "",
    alive: 1,
    percentile: 90,
    show: "clusters",
  };
  expect(parseView({ table }).table).toEqual({
    target: "obs:3",
    sort: "density",
    percentile: 90,
    show: "clusters",
  });
  expect(parseView({ table: { order: "up" } }).table).toBeUndefined();
  expect(parseView({ table: "action:0" }).table).toBeUndefined();
});

test("the replay's part of an address: one run's choices, the rest dropped", () => {
  const watch = {
    run: "r_1",
    seed: 2,
    step: 1.5,
    layout: "overlay",
    paint: "x",
    arms: ["a", 3],
    beside: "",
    once: 1,
  };
  expect(parseView({ watch }).watch).toEqual({
    run: "r_1",
    seed: 2,
    layout: "overlay",
    arms: ["a"],
    beside: "",
  });
  expect(parseView({ watch: { run: "r_1", step: -1, speed: 0, arms: [] } }).watch).toBeUndefined();
});

function Probe() {
  const { setView, openModel } = useView();
  return (
    <>
      <button onClick={() => setView({ feature: 3, alpha: -1 })}>move</button>
      <button onClick={() => openModel("m_2")}>other</button>
      <button onClick={() => setView({ kind: "scan" })}>scan</button>
      <button onClick={() => setView({ study: "r_2" })}>study</button>
    </>
  );
}

test("a kind of study chosen by hand holds until a study is opened", async () => {
  const router = renderAt("/?model=m_1&study=r_1", Probe);
  await userEvent.click(await screen.findByText("scan"));
  expect(router.state.location.search).toMatchObject({ study: "r_1", kind: "scan" });
  await userEvent.click(screen.getByText("study"));
  expect(router.state.location.search).toMatchObject({ study: "r_2" });
  expect(router.state.location.search).not.toHaveProperty("kind", "scan");
});

test("moving keeps the rest of the view; another model starts clean", async () => {
  const router = renderAt("/?model=m_1&tap=4", Probe);
  await userEvent.click(await screen.findByText("move"));
  expect(router.state.location.search).toMatchObject({ model: "m_1", tap: 4, feature: 3, alpha: -1 });
  await userEvent.click(screen.getByText("other"));
  const { search } = router.state.location;
  expect(search).toMatchObject({ model: "m_2" });
  expect(search).not.toHaveProperty("tap", 4);
});
