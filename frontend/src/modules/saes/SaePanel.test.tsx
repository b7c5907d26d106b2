import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http, HttpResponse } from "msw";
import { useState } from "react";
import { expect, test } from "vitest";

import { SAE } from "@/testing/mock/models";
import { fail } from "@/testing/mock/reply";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";
import { useModel } from "@/modules/models/api";

import { verdict } from "./SaeFacts";
import { SaePanel } from "./SaePanel";

const user = userEvent.setup();

/** The panel as the page holds it: the model is read again after each change. */
function Page({ id, start }: { id: string; start: number | null }) {
  const { data: model } = useModel(id);
  const [moved, setMoved] = useState<number | undefined>(start ?? undefined);
  return model ? (
    <SaePanel model={model} tap={moved ?? model.sae?.tap_index ?? null} onTap={setMoved} />
  ) : null;
}

function open(start: number | null = 3) {
  const world = makeWorld();
  const { model } = world.addWalker();
  renderAt("/", () => <Page id={model.id} start={start} />);
  return world.models.get(model.id)!;
}

test("empty: every directory is listed, usable ones first; the others say why not", async () => {
  open();
  const list = within((await screen.findByText("Found in the artifacts root")).parentElement!);
  const buttons = list.getAllByRole<HTMLButtonElement>("button");
  expect(buttons.map((button) => [button.firstChild?.textContent, button.disabled])).toEqual([
    ["walker2d_w32", false],
    ["walker2d_shifted", false],
    ["hard_stable_w32", true],
    ["half_done", true],
  ]);
  expect(list.getByText("its cached observations are 6 wide, this policy takes 17")).toBeVisible();
  expect(list.getByText("missing walker_sae.pt")).toBeVisible();
  expect(buttons[0]).toHaveAttribute("aria-pressed", "true");
});

test("choosing from the list brings the tap that its file names", async () => {
  open();
  await user.click(await screen.findByRole("button", { name: /^walker2d_shifted/ }));
  expect(screen.getByRole("combobox", { name: "Artifacts directory" })).toHaveValue("walker2d_shifted");
  expect(screen.getByLabelText("Tap")).toHaveValue("1");
});

test("a path that is not listed can be typed; the server's sentence explains a failure", async () => {
  open();
  const field = await screen.findByRole("combobox", { name: "Artifacts directory" });
  await user.clear(field);
  await user.type(field, "my/own");
  await user.click(screen.getByRole("button", { name: "Load SAE" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("SAE not found: artifacts/my/own/walker_sae.pt");
});

test("loading and error of the list", async () => {
  const world = makeWorld();
  const { model } = world.addWalker();
  server.use(http.get("*/artifacts", () => fail(500, "The artifacts root cannot be read.")));
  renderAt("/", () => <SaePanel model={model} tap={3} onTap={() => undefined} />);
  expect(await screen.findByRole("status", { name: "Looking for artifacts" })).toBeVisible();
  expect(await screen.findByRole("alert")).toHaveTextContent("The artifacts root cannot be read.");
  // The list is a help, not a condition: a path can still be typed.
  expect(screen.getByRole("combobox", { name: "Artifacts directory" })).toBeEnabled();
});

test("full: the facts and what they mean", async () => {
  open();
  await user.click(await screen.findByRole("button", { name: "Load SAE" }));
  expect(await screen.findByText(/rebuilds 99\.58 % of the variance at tap 3/)).toBeVisible();
  expect(screen.getByText("d_latent 128")).toBeVisible();
  expect(screen.getByText("5 dead")).toBeVisible();
  expect(screen.queryByText("No SAE yet")).toBeNull();
});

test("while it loads the button is busy", async () => {
  open();
  server.use(http.post("*/model/:id/load_sae", () => delay("infinite")));
  const button = await screen.findByRole("button", { name: "Load SAE" });
  await user.click(button);
  expect(button).toHaveAttribute("data-loading", "true");
});

test("a warning's fix is the request that came with it, and settles it", async () => {
  const stored = open(1);
  await user.click(await screen.findByRole("button", { name: "Load SAE" }));
  const warnings = await screen.findByRole("list", { name: "Warnings" });
  expect(warnings).toHaveTextContent("The cached activations come from tap 3");
  expect(stored.model.sae?.tap_index).toBe(1);
  await user.click(within(warnings).getByRole("button", { name: "Use tap 3" }));
  await waitFor(() => expect(screen.queryByRole("list", { name: "Warnings" })).toBeNull());
  expect(stored.model.sae?.tap_index).toBe(3);
  expect(screen.getByLabelText("Tap")).toHaveValue("3");
});

test("a fix that fails says why and stays", async () => {
  open(1);
  await user.click(await screen.findByRole("button", { name: "Load SAE" }));
  const fix = await screen.findByRole("button", { name: "Use tap 3" });
  server.use(http.post("*/model/:id/load_sae", () => HttpResponse.error()));
  await user.click(fix);
  expect(await screen.findByRole("alert")).toHaveTextContent("The server did not answer");
  expect(fix).toBeVisible();
});

test.each([
  [{ has_cached_data: false }, /features can be pushed, but not interpreted/],
  [{ fvu: null }, /could not be measured/],
  [{ fvu: 2.1, tap_index: 5 }, /At tap 5 the SAE is worse than the mean/],
  [{ fvu: 0.3 }, /rebuilds only 70\.0\u00a0% .* with care/],
  [{ fvu: 0.02, reproduction_error: 0.5 }, /^The SAE rebuilds 98\.0\u00a0% of the variance at tap 3\.$/],
  [{ fvu: 0.002 }, /99\.80\u00a0% .* tap and activation function are the right ones/],
])("the verdict claims no more than %j shows", (patch, sentence) => {
  expect(verdict({ ...SAE, ...patch })).toMatch(sentence);
});
