import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { SAE } from "@/testing/mock/models";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";
import { useModel } from "@/modules/models/api";

import { loadedDirectory, uploadedFiles } from "./directories";
import { saeParts } from "./files";
import { SaePanel } from "./SaePanel";

const user = userEvent.setup({ applyAccept: false });

function Page({ id }: { id: string }) {
  const { data: model } = useModel(id);
  return model ? <SaePanel model={model} tap={3} onTap={() => undefined} /> : null;
}

function open() {
  const world = makeWorld();
  const { model } = world.addWalker();
  renderAt("/", () => <Page id={model.id} />);
  return world.models.get(model.id)!;
}

async function choose(...names: string[]) {
  const input = await screen.findByLabelText(/Or drop an SAE here/);
  await user.upload(
    input,
    names.map((name) => new File(["x"], name)),
  );
}

test("one file with its own tap is attached, and the panel says where it came from", async () => {
  open();
  await choose("walker_sae.pt");
  expect(await screen.findByText("walker_sae.pt")).toBeVisible();
  expect(screen.getByText("uploaded")).toBeVisible();
  expect(screen.queryByRole("alert")).toBeNull();
  // an upload is no directory that could be loaded
  expect(screen.getByRole("combobox", { name: "Artifacts directory" })).toHaveValue("walker2d_w32");
});

test("two files without a tap: the one of the marker is offered and used", async () => {
  const stored = open();
  await choose("cfg.json", "sae_weights.safetensors");
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("cfg.json and sae_weights.safetensors could not be attached");
  expect(alert).toHaveTextContent("Taps that fit: 1, 3, 5.");
  await user.click(within(alert).getByRole("button", { name: "Use tap 3" }));
  expect(await screen.findByText("sae_weights.safetensors, cfg.json")).toBeVisible();
  expect(stored.model.sae?.tap_index).toBe(3);
});

test("a refusal lists what was found and what would work, and offers no tap", async () => {
  open();
  const fields = { found: "10 bytes: text.", expected: "An SAE.", remedy: "Choose its weights." };
  const error = { code: "unsupported_file", message: "No SAE.", fields };
  server.use(http.post("*/model/:id/sae", () => HttpResponse.json({ error }, { status: 400 })));
  await choose("notes.txt");
  const alert = await screen.findByRole("alert");
  expect(within(alert).getAllByRole("term")[1]).toHaveTextContent("What would work");
  expect(within(alert).getAllByRole("button")).toHaveLength(1);
});

test("two files of weights are refused before anything is sent", async () => {
  const stored = open();
  await choose("a.pt", "b.pt");
  expect(await screen.findByRole("alert")).toHaveTextContent("Choose one file of weights");
  expect(stored.model.sae).toBeNull();
});

test("which file is which part", () => {
  const [weights, config] = [new File([], "w.safetensors"), new File([], "cfg.JSON")];
  expect(saeParts([config, weights])).toEqual([
    ["file", weights],
    ["config", config],
  ]);
  expect(saeParts([config])).toEqual([["file", config]]); // the server says what is missing
  expect(() => saeParts([config, config])).toThrow("2 files at once");
});

test("where an SAE came from", () => {
  expect(uploadedFiles(SAE)).toBeNull();
  expect(uploadedFiles({ ...SAE, artifacts_dir: "upload: a.pt" })).toBe("a.pt");
  expect(loadedDirectory(SAE)).toBe(SAE.artifacts_dir);
  expect(loadedDirectory(null)).toBeUndefined();
});
