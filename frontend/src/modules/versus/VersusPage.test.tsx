import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { expect, test } from "vitest";

import { fail } from "@/testing/mock/reply";
import { makeRun } from "@/testing/mock/run-handlers";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";

import VersusPage from "./VersusPage";

const user = userEvent.setup({ delay: null });

function open({ second = true, address = "/", edits = 0, named = "expert" } = {}) {
  const world = makeWorld();
  const { model } = world.addWalker("walker", { n_edits: edits });
  const other = second ? world.addWalker(named).model : undefined;
  const router = renderAt(address.replace("OTHER", other?.id ?? ""), () => <VersusPage model={model} />);
  return { world, model, other, router };
}

test("with no second model of these sizes it says what is needed", async () => {
  const { router } = open({ second: false });
  expect(await screen.findByText("Nothing to compare with")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Edit the weights" }));
  await waitFor(() => expect(router.state.location.search).toHaveProperty("network", "weights"));
});

test("what two models are made of and how far they act apart, each table with its sentence", async () => {
  open();
  const made = within(await screen.findByRole("table", { name: "Two models side by side" }));
  expect(made.getByRole("row", { name: /^Layers/ })).toHaveTextContent("17 → 32 → 6");
  expect(screen.getByText(/They differ in 30 of 2,000 weights/)).toBeVisible();
  const gaps = within(screen.getByRole("table", { name: /^Difference of each action/ }));
  expect(gaps.getByRole("row", { name: /^right thigh torque/ })).toHaveTextContent("0.400");
  expect(screen.getByText(/most in right thigh torque, by 0.40 SD/)).toBeVisible();
  expect(screen.getByText(/Features are not compared\. Neither has an SAE\./)).toBeVisible();
});

test("two models of one name are told apart by their ids", async () => {
  const { model, other } = open({ named: "walker" });
  const made = within(await screen.findByRole("table", { name: "Two models side by side" }));
  expect(
    made.getByRole("columnheader", { name: `walker (${model.id.slice(-4)}), as uploaded` }),
  ).toBeVisible();
  expect(made.getByRole("columnheader", { name: `walker (${(other?.id ?? "").slice(-4)})` })).toBeVisible();
});

test("both are played, and the run stands in the address beside the second model", async () => {
  const { world, other, router } = open();
  await user.click(await screen.findByRole("button", { name: "Play both models" }));
  await waitFor(() => expect(world.runs.size).toBe(1));
  const [run] = world.runs.values();
  expect(run).toMatchObject({ env: "Walker2d-v5", arm_names: ["baseline", "expert"] });
  await waitFor(() => expect(router.state.location.search).toMatchObject({ other: other?.id, run: run?.id }));
  expect(await screen.findByRole("heading", { name: "Compare" })).toBeVisible();
});

test("a model that was edited is compared with itself", async () => {
  const { model } = open({ second: false, edits: 2, address: "/" });
  const choice = await screen.findByRole("combobox", { name: `Compare ${model.name} with` });
  expect(choice).toHaveValue("itself, with its weight edits");
  expect(await screen.findByText(/The edits changed 30 of 2,000 weights/)).toBeVisible();
});

test("a link to a model that is not here says so", async () => {
  open({ address: "/?other=m_gone" });
  expect(await screen.findByText("There is no model m_gone of these sizes.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Play both models" })).toBeNull();
});

test("models that cannot be compared: the server's sentence", async () => {
  open();
  server.use(http.get("*/model/:id/compare", () => fail(400, "They have other sizes.")));
  expect(await screen.findByRole("alert")).toHaveTextContent("They have other sizes.");
});

test("without a run it says what playing brings, or leads to what was played", async () => {
  const { world, model, router } = open();
  expect(await screen.findByText(/^Not played yet\./)).toBeVisible();
  cleanup();
  const played = makeRun(
    { env: "Walker2d-v5", episodes: 16, seed: 0 },
    { id: "r_9", job_id: "j_9", model_id: model.id, arm_names: ["baseline", "expert"] },
  );
  world.runs.set("r_9", { ...played, state: "done" });
  renderAt("/", () => <VersusPage model={model} />);
  expect(await screen.findByRole("heading", { name: "Played before" })).toBeVisible();
  expect(router.state.location.search).not.toHaveProperty("run");
});
