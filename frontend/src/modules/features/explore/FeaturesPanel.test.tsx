import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { useState } from "react";
import { expect, test, vi } from "vitest";

import type { TableView } from "@/lib/table-view";
import type { Model } from "@/lib/types";
import { SAE } from "@/testing/mock/models";
import { fail, json } from "@/testing/mock/reply";
import { ANALYSED, understandingHandlers } from "@/testing/mock/understanding-handlers";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";

import FeaturesPanel from "./FeaturesPanel";

const user = userEvent.setup({ delay: null });

function Harness({ model, start, onStored }: { model: Model; start: TableView; onStored: () => void }) {
  const [view, setView] = useState(start);
  const [feature, setFeature] = useState<number>();
  const props = { alpha: undefined, model, view, onView: setView, feature, onFeature: setFeature, onStored };
  return <FeaturesPanel {...props} />;
}

function open({
  copies = 1,
  start = {},
  sae = {},
}: { copies?: number; start?: TableView; sae?: object } = {}) {
  const world = makeWorld();
  server.use(...understandingHandlers(world, copies));
  const { model } = world.addWalker("walker", { sae: { ...SAE, ...sae } });
  const onStored = vi.fn();
  const show = () => renderAt("/", () => <Harness model={model} start={start} onStored={onStored} />);
  return { world, onStored, show };
}

/** By label, not by role: it is asked again at every change, and roles of a whole table take long to compute. */
const numbers = () =>
  screen
    .queryAllByLabelText(/^Feature \d+$/, { selector: "tr button" })
    .map(({ textContent }) => Number(textContent));

/** All at once: every letter by itself would be a question of its own. */
const search = (words: string) =>
  fireEvent.change(screen.getByRole("searchbox", { name: "Search" }), { target: { value: words } });

test("without cached data it says what is needed", async () => {
  open({ sae: { has_cached_data: false } }).show();
  expect(await screen.findByText("Need SAE + cached data")).toBeVisible();
});

test("not analysed yet: one click starts it, progress can be cancelled, then the table is there", async () => {
  const { world, show } = open();
  const state = (state: string) => http.get("*/model/:id/analysis", () => json({ job_id: null, state }));
  server.use(state("absent"));
  show();
  await user.click(await screen.findByRole("button", { name: "Analyse the features" }));
  expect(await screen.findByRole("button", { name: "Cancel" })).toBeVisible();
  server.use(state("done"));
  world.jobs.get("j_analysis")!.state = "done";
  expect(await screen.findByLabelText("Feature 11", { selector: "tr button" })).toBeVisible();
});

test("an analysis that is under way is followed, and nothing is asked that the server must refuse", async () => {
  const { world, show } = open();
  await fetch("http://localhost/model/walker/analyse", { method: "POST" });
  const asked = vi.fn();
  server.use(http.get("*/model/:id/features", asked));
  show();
  expect(await screen.findByRole("button", { name: "Cancel" })).toBeVisible();
  expect(asked).not.toHaveBeenCalled();
  world.jobs.get("j_analysis")!.state = "done";
  await waitFor(() => expect(asked).toHaveBeenCalled());
});

test("the server's sentence and another try", async () => {
  const { show } = open();
  server.use(
    http.get("*/model/:id/features", () => fail(500, "The analysis cannot be read."), { once: true }),
  );
  show();
  expect(await screen.findByText("The analysis cannot be read.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByLabelText("Feature 11", { selector: "tr button" })).toBeVisible();
});

test("sorts by a column and the other way round", async () => {
  open().show();
  await screen.findByLabelText("Feature 11", { selector: "tr button" });
  const byDensity = [...ANALYSED.table.features].sort((a, b) => (b.density ?? 0) - (a.density ?? 0));
  await user.click(screen.getByRole("button", { name: /^Density/ }));
  await waitFor(() => expect(numbers()[0]).toBe(byDensity[0]?.feature_idx));
  expect(screen.getByRole("columnheader", { name: /Density/ })).toHaveAttribute("aria-sort", "descending");
  await user.click(screen.getByRole("button", { name: /^Density/ }));
  await waitFor(() => expect(numbers()[0]).toBe(byDensity.at(-1)?.feature_idx));
});

test("what was run in the closed loop: sorted by size, with its origin, or why there is nothing", async () => {
  open().show();
  await screen.findByLabelText("Feature 11", { selector: "tr button" });
  await user.click(screen.getByRole("button", { name: /^Closed loop/ }));
  await waitFor(() => expect(numbers().slice(0, 2)).toEqual([52, 88]));
  const row = (feature: number) =>
    screen.getByLabelText(`Feature ${feature}`, { selector: "tr button" }).closest("tr");
  expect(row(52)).toHaveTextContent("−61.5confirmed, δₐ +0.05");
  expect(row(88)).toHaveTextContent("−4.2scan, δₐ +0.05");
  expect(row(11)).toHaveTextContent("not run");
  const page = within(await screen.findByRole("article", { name: "Feature 52" }));
  const pushes = within((await page.findByText("Push")).closest("table")!);
  expect(pushes.getByRole("row", { name: /^scan/ })).toHaveTextContent(/one of many$/);
  expect(pushes.getByRole("row", { name: /^confirmed/ })).toHaveTextContent("−0.081 m/sspeed32");
});

test("16,400 features: few rows exist, further pages come when they are scrolled to", async () => {
  open({ copies: 820 }).show();
  expect(await screen.findByText(/16,400 features/)).toBeVisible();
  expect(screen.getByRole("table", { name: "" })).toHaveAttribute("aria-rowcount", "16401");
  const box = screen.getByRole("region", { name: /Table of features/ });
  expect(within(box).getAllByRole("row").length).toBeLessThan(60);
  const before = numbers();
  fireEvent.scroll(box, { target: { scrollTop: 40 * 8000 } });
  await waitFor(() => expect(numbers().length).toBeGreaterThan(10));
  expect(numbers()).not.toEqual(before);
  expect(within(box).getAllByRole("row").length).toBeLessThan(60);
});

test("arrow keys choose the next feature, whose page opens", async () => {
  open().show();
  await screen.findByLabelText("Feature 11", { selector: "tr button" });
  fireEvent.keyDown(screen.getByRole("region", { name: /Table of features/ }), { key: "ArrowDown" });
  expect(await screen.findByRole("heading", { name: "Feature 45" })).toBeVisible();
});

test("a feature's page: name with its numbers, effects beside chance, examples, neighbours", async () => {
  open().show();
  const page = within(await screen.findByRole("article", { name: "Feature 11" }));
  expect(await page.findByText(/→ lowers left leg torque/)).toBeVisible();
  expect(page.getByText(/AUROC 0.97/)).toBeVisible();
  expect(page.getByRole("img", { name: /Histogram of the activation, log counts/ })).toBeVisible();
  const rows = page.getAllByRole("row").filter((row) => row.dataset.beyond === "true");
  expect(rows.map((row) => within(row).getByRole("rowheader").textContent)).toEqual(["left leg torque"]);
  await user.click(page.getByRole("radio", { name: "By strength" }));
  expect(page.getByText("6.99 to 7.69: 42 states")).toBeVisible();
  await user.click(page.getByRole("button", { name: "Open feature 59" }));
  expect(await screen.findByRole("heading", { name: "Feature 59" })).toBeVisible();
});

test("an example in motion: one clip at a time, by key and by click, with the actions of a weak one", async () => {
  open().show();
  const page = within(await screen.findByRole("article", { name: "Feature 11" }));
  const { top, quantiles, actions } = ANALYSED.dashboard;
  const clip = within(
    await page.findByRole("group", { name: `Clip: Episode ${top[0]!.episode} around step ${top[0]!.step}` }),
  );
  expect(page.getByText(/no WebGL/)).toBeVisible(); // as in any browser without it
  fireEvent.keyDown(clip.getByRole("slider"), { key: "." });
  expect(clip.getByText(/^\+0\.0\d s$/)).toBeVisible(); // it plays by itself until the key stops it
  expect(page.getByText(/example on show: /)).toHaveTextContent(/[\d.]+$/);
  await user.click(page.getByRole("radio", { name: "By strength" }));
  const weak = quantiles[0]!.clips[0]!;
  expect(weak.actions).toBeNull();
  expect(
    await page.findByRole("group", { name: `Clip: Episode ${weak.episode} around step ${weak.step}` }),
  ).toBeVisible();
  expect(await page.findByTitle(actions[0]!.name)).toBeVisible();
  expect(page.getAllByRole("group", { name: /^Clip/ })).toHaveLength(1);
});

test("data without episodes: a sentence in place of the clip", async () => {
  open().show();
  const undrawn = "The cached data do not say which rows follow each other.";
  server.use(http.get("*/model/:id/feature/:feature", () => json({ ...ANALYSED.dashboard, undrawn })));
  const page = within(await screen.findByRole("article", { name: "Feature 11" }));
  expect(await page.findByText(undrawn)).toBeVisible();
  expect(page.queryByRole("group", { name: /^Clip/ })).not.toBeInTheDocument();
});

test("notes are saved, found by search, and brought back by undo", async () => {
  open().show();
  // Chosen, or the page would follow the first row while the search narrows the table, and forget its undo.
  await user.click(await screen.findByLabelText("Feature 11", { selector: "tr button" }));
  const form = within(await screen.findByRole("form", { name: "Notes on feature 11" }));
  await user.type(form.getByLabelText("Name"), "brake");
  await user.type(form.getByRole("combobox", { name: "Tags" }), "swing{Enter}");
  await user.click(form.getByRole("button", { name: "Save notes" }));
  expect(await screen.findByText("#swing", { selector: "tr *" })).toBeVisible();
  search("swing");
  await waitFor(() => expect(numbers()).toEqual([11]));
  expect(screen.getByText(/1 of 20 features/)).toBeVisible();
  search("");
  await waitFor(() => expect(numbers().length).toBeGreaterThan(1));
  await user.click(form.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(screen.queryByText("#swing", { selector: "tr *" })).not.toBeInTheDocument());
});

test("clusters: the verdict comes first, members open, a whole cluster is stored for the next run", async () => {
  const { onStored, show } = open({ start: { show: "clusters" } });
  show();
  expect(await screen.findByText(/No reliable cluster structure: the mean silhouette 0.07/)).toBeVisible();
  expect(screen.getByText(/do not read meaning into its groups/)).toBeVisible();
  const { clusters } = ANALYSED.clusters;
  let stored: unknown;
  server.use(
    http.post("*/model/:id/sae_perturb", async ({ request }) => {
      stored = await request.json();
      return json({ ok: true });
    }),
  );
  await user.click(screen.getByRole("button", { name: /^Steer cluster 0/ }));
  await waitFor(() => expect(onStored).toHaveBeenCalled());
  expect(stored).toEqual({ edits: clusters[0]?.edits });
  const list = within(screen.getByRole("region", { name: "Clusters" }));
  await user.click(list.getByRole("button", { name: `Open feature ${clusters[1]?.features[0] ?? 0}` }));
  expect(
    await screen.findByRole("heading", { name: `Feature ${clusters[1]?.features[0] ?? 0}` }),
  ).toBeVisible();
});

test("a grouping of one's own is made on request, and UMAP says that it is not to scale", async () => {
  const { show } = open({ start: { show: "clusters" } });
  show();
  await screen.findByText(/points that lie together need not be alike/);
  await user.click(screen.getByRole("radio", { name: "UMAP map" }));
  await user.click(await screen.findByRole("button", { name: "Group the features" }));
  expect(await screen.findByText(/Not to scale: neighbours are alike/)).toBeVisible();
  await user.click(screen.getByRole("radio", { name: "Own weights" }));
  const share = screen.getByRole("textbox", { name: "Co-activation" });
  await user.clear(share);
  await user.type(share, "0");
  await user.click(await screen.findByRole("button", { name: "Group the features" }));
  expect(await screen.findByText(/Not to scale/)).toBeVisible();
});
