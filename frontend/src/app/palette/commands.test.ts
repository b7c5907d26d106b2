import { expect, test, vi } from "vitest";

import type { RunSummary } from "@/lib/types";

import { commandsFor, type Ways } from "./commands";

const ways = () =>
  ({
    openScreen: vi.fn(),
    openSection: vi.fn(),
    openModel: vi.fn(),
    nextScheme: vi.fn(),
    showKeys: vi.fn(),
    takeTour: vi.fn(),
    copyLink: vi.fn(),
    openAddress: vi.fn(),
    openGallery: vi.fn(),
  }) satisfies Ways;
const run = (id: string, kind: RunSummary["kind"], sentence: string) =>
  ({ id, kind, sentence, state: "done", env: "Walker2d-v5" }) as RunSummary;
const known = {
  model: { id: "m_1", features: 128 },
  models: [
    { id: "m_1", name: "Walker2d" },
    { id: "m_2", name: "Hopper" },
  ],
  runs: [run("r_1", "comparison", "It fell in 16 of 16"), run("r_2", "scan", "Five findings")],
  views: [{ id: "w_1", name: "the knee", address: "?model=m_1&feature=7" }],
};

test("without a model there are no pages of one, and every model can be opened", () => {
  const labels = commandsFor("", { ...known, model: undefined }, ways()).map(({ label }) => label);
  expect(labels).toEqual([
    "Light, dark or as the system",
    "Keyboard shortcuts",
    "Glossary and components",
    "Copy a link to this view",
    "Start page",
    "the knee",
    "Walker2d",
    "Hopper",
  ]);
});

test.each(["17", "f 17", "Feature 017"])("%s opens the page of feature 17", (query) => {
  const acts = ways();
  commandsFor(query, known, acts)[0]?.run();
  expect(acts.openScreen).toHaveBeenCalledWith("features", { feature: 17 });
});

test("a feature that the SAE does not have is not offered", () => {
  expect(commandsFor("128", known, ways()).filter(({ group }) => group === "Features")).toEqual([
    expect.objectContaining({ id: "feature-search" }),
  ]);
});

test("other words are looked for among the features, the runs and the pages, in any order", () => {
  const acts = ways();
  const found = commandsFor("16 fell", known, acts);
  expect(found.map(({ id }) => id)).toEqual(["run-r_1", "feature-search"]);
  found[1]?.run();
  expect(acts.openScreen).toHaveBeenCalledWith("features", { table: { search: "16 fell" } });
  found[0]?.run();
  expect(acts.openSection).toHaveBeenCalledWith("compare", { run: "r_1" });
});

test("a scan opens where effects are shown, and the open model is not offered again", () => {
  const acts = ways();
  const all = commandsFor("", known, acts);
  all.find(({ id }) => id === "run-r_2")?.run();
  expect(acts.openSection).toHaveBeenCalledWith("effects", { study: "r_2" });
  expect(all.filter(({ group }) => group === "Models").map(({ label }) => label)).toEqual(["Hopper"]);
});

test("features that fit the words are offered with the reason, once each", () => {
  const acts = ways();
  const found = [
    { feature_idx: 17, why: "does: raises right leg torque" },
    { feature_idx: 3, why: "when: right foot on the floor" },
  ];
  const features = (query: string) =>
    commandsFor(query, { ...known, found }, acts).filter(({ group }) => group === "Features");
  expect(features("right knee").map(({ id, hint }) => [id, hint])).toEqual([
    ["feature-17", "does: raises right leg torque"],
    ["feature-3", "when: right foot on the floor"],
    ["feature-search", "what they do, when they fire, notes"],
  ]);
  expect(features("17").map(({ id }) => id)).toEqual(["feature-17", "feature-3", "feature-search"]);
  features("right knee")[1]?.run();
  expect(acts.openScreen).toHaveBeenCalledWith("features", { feature: 3 });
});
