import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import type { Model } from "@/lib/types";
import { makeWorld, renderWithTheme } from "@/testing/render";

import { RunPanel } from "./RunPanel";

const user = userEvent.setup();
const PUSH = {
  feature_idx: 42,
  alpha: 3,
  decoder_norm: 1,
  edits: [{ feature_idx: 42, op: "add" as const, value: 3 }],
};

const show = (model: Model, onStarted = vi.fn()) =>
  renderWithTheme(<RunPanel model={model} job={undefined} unapplied={false} onStarted={onStarted} />);

test("what was typed is there after leaving and coming back, until it is put back to the defaults", async () => {
  const { model } = makeWorld().addWalker("walker", { intervention: PUSH });
  const first = show(model);
  await user.clear(await screen.findByLabelText("Episodes"));
  await user.type(screen.getByLabelText("Episodes"), "5");
  await user.click(screen.getByRole("combobox", { name: "Start from" }));
  await user.click(await screen.findByRole("option", { name: "a reset with more noise" }));
  first.unmount();
  show(model);
  expect(await screen.findByLabelText("Episodes")).toHaveValue("5");
  expect(screen.getByLabelText("Noise, times the usual")).toHaveValue("3");
  await user.click(screen.getByRole("button", { name: "Back to the defaults" }));
  expect(screen.getByLabelText("Episodes")).toHaveValue("16");
  expect(screen.queryByRole("button", { name: "Back to the defaults" })).toBeNull();
});

test("an environment or a run that is gone by then is not asked for", async () => {
  const world = makeWorld();
  const { model } = world.addWalker("walker", { intervention: PUSH });
  const start = { kind: "run", scale: 3, run: "r_gone", step: 4 };
  localStorage.setItem(`policyscope-typed:${model.id}`, JSON.stringify({ run: { env: "Gone-v1", start } }));
  const onStarted = vi.fn();
  show(model, onStarted);
  expect(await screen.findByRole("combobox", { name: "Environment" })).toHaveValue("Walker2d-v5");
  await waitFor(() =>
    expect(screen.getByRole("combobox", { name: "Start from" })).toHaveValue("the environment's reset"),
  );
  await user.click(screen.getByRole("button", { name: "Run Model" }));
  await waitFor(() => expect(onStarted).toHaveBeenCalledTimes(1));
});
