import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { expect, test, vi } from "vitest";

import { SAE } from "@/testing/mock/models";
import { fail, json } from "@/testing/mock/reply";
import { makeWorld, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { EditorFold } from "./EditorFold";

const user = userEvent.setup();

async function open(patch = {}) {
  const { model } = makeWorld().addWalker("walker", { sae: SAE, ...patch });
  const onStored = vi.fn();
  renderWithTheme(<EditorFold model={model} feature={42} onStored={onStored} />);
  await user.click(screen.getByText(/^Other units, forms/));
  await screen.findByRole("button", { name: "Store for the next run" });
  return onStored;
}

test("it unfolds with the chosen feature at the default dose, in words and in every unit", async () => {
  await open();
  expect(screen.getByText(/move the action by δₐ = \+0\.05 along feature 42/)).toBeVisible();
  expect(await screen.findByText("The action moves by 5.0 % of its own variation.")).toBeVisible();
});

test("a strong dose warns and is still stored; the server hears exactly what the form shows", async () => {
  const onStored = await open();
  const dose = screen.getByLabelText("Dose");
  await user.clear(dose);
  await user.type(dose, "0.25");
  const message = await screen.findByText("The action moves by 25.0 % of its own variation.");
  expect(message.parentElement).toHaveAttribute("data-level", "strong");
  await user.click(screen.getByRole("button", { name: "Add another feature" }));
  expect(screen.getByRole("status")).toHaveTextContent("Choose a feature.");
  const second = within(screen.getByRole("group", { name: "Edit 2" }));
  await user.type(second.getByLabelText("Feature"), "7");
  await user.click(second.getByRole("radio", { name: "Remove" }));
  let sent: unknown;
  server.use(
    http.post("*/model/:id/sae_perturb", async ({ request }) => {
      sent = await request.json();
      return json({ ok: true });
    }),
  );
  await user.click(screen.getByRole("button", { name: "Store for the next run" }));
  await waitFor(() => expect(onStored).toHaveBeenCalledTimes(1));
  expect(sent).toEqual({
    edits: [
      { feature_idx: 42, op: "add", value: 0.25, unit: "action_displacement" },
      { feature_idx: 7, op: "ablate" },
    ],
  });
  await user.click(screen.getByRole("button", { name: "Drop edit 2" }));
  expect(screen.queryByRole("group", { name: "Edit 2" })).toBeNull();
});

test("edits that were not stored are there after leaving; once stored, the next visit starts from what is stored", async () => {
  const { model } = makeWorld().addWalker("walker", { sae: SAE });
  const visit = (feature = 42) =>
    renderWithTheme(<EditorFold model={model} feature={feature} onStored={vi.fn()} />);
  const first = visit();
  await user.click(screen.getByText(/^Other units, forms/));
  await user.click(await screen.findByRole("radio", { name: "Remove" }));
  first.unmount();
  const other = visit(7); // another feature was chosen meanwhile: what was typed for 42 says nothing of it
  expect(await screen.findByLabelText("Feature")).toHaveValue("7");
  other.unmount();
  const back = visit();
  expect(await screen.findByRole("radio", { name: "Remove" })).toBeChecked();
  server.use(http.post("*/model/:id/sae_perturb", () => json({ ok: true })));
  await user.click(screen.getByRole("button", { name: "Store for the next run" }));
  await waitFor(() => expect(localStorage.getItem(`policyscope-typed:${model.id}`)).not.toContain("ablate"));
  expect(screen.getByRole("radio", { name: "Remove" })).toBeChecked();
  back.unmount();
  visit();
  expect(await screen.findByRole("radio", { name: "Add" })).toBeChecked();
});

test("another unit shows the same dose", async () => {
  await open();
  await screen.findByText("The action moves by 5.0 % of its own variation.");
  await user.click(screen.getByRole("radio", { name: "α" }));
  await waitFor(() => expect(screen.getByLabelText("Dose")).toHaveValue("0.2"));
});

test("what is stored opens again, with the server's refusal in its own words", async () => {
  await open({
    intervention: {
      feature_idx: 3,
      alpha: null,
      decoder_norm: 1,
      edits: [{ feature_idx: 3, op: "scale", value: 1.5, gate: { kind: "phase", start: 0, stop: 0.4 } }],
    },
  });
  expect(screen.getByText(/multiply feature 3 by 1\.5, from 0 to 0\.4 of each stride/)).toBeVisible();
  server.use(http.post("*/model/:id/sae_perturb", () => fail(400, "CartPole-v1 observes no stride.")));
  await user.click(screen.getByRole("button", { name: "Store for the next run" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("observes no stride");
});
