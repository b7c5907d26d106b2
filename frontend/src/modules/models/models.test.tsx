import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http, HttpResponse } from "msw";
import { useState, type ComponentProps } from "react";
import { describe, expect, it, vi } from "vitest";

import type { View } from "@/lib/view";
import { fail } from "@/testing/mock/reply";
import { makeWorld, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { DemoList } from "./DemoList";
import { ModelBar } from "./ModelBar";
import { ModelList } from "./ModelList";
import { NetworkPanel } from "./NetworkPanel";
import { UploadZone } from "./UploadZone";

const user = userEvent.setup();

describe("stored models", () => {
  it("empty: says what will be kept here", async () => {
    makeWorld();
    renderWithTheme(<ModelList onOpen={vi.fn()} />);
    expect(await screen.findByText("Nothing stored yet")).toBeVisible();
  });
  it("loading", () => {
    server.use(http.get("*/models", () => delay("infinite")));
    renderWithTheme(<ModelList onOpen={vi.fn()} />);
    expect(screen.getByRole("status", { name: "Reading the stored models" })).toBeVisible();
  });
  it("error: the server's sentence, and trying again works", async () => {
    makeWorld().addWalker("mine");
    server.use(http.get("*/models", () => fail(503, "The database is locked."), { once: true }));
    renderWithTheme(<ModelList onOpen={vi.fn()} />);
    expect(await screen.findByRole("alert")).toHaveTextContent("The database is locked.");
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("button", { name: "mine" })).toBeVisible();
  });
  it("full: opens one, and deletes only after a yes", async () => {
    const world = makeWorld();
    const { model } = world.addWalker("mine");
    const onOpen = vi.fn();
    renderWithTheme(<ModelList onOpen={onOpen} />);
    await user.click(await screen.findByRole("button", { name: "mine" }));
    expect(onOpen).toHaveBeenCalledWith(model.id);
    const ask = vi.spyOn(window, "confirm").mockReturnValueOnce(false).mockReturnValueOnce(true);
    await user.click(screen.getByRole("button", { name: "Delete mine" }));
    expect(world.models.size).toBe(1);
    await user.click(screen.getByRole("button", { name: "Delete mine" }));
    expect(await screen.findByText("Nothing stored yet")).toBeVisible();
    expect(ask).toHaveBeenCalledTimes(2);
    expect(ask).toHaveBeenLastCalledWith(
      expect.stringMatching(/^Delete mine \(.*runs, report cards and train/),
    );
    expect(world.models.size).toBe(0);
  });
});

describe("models of one name", () => {
  it("are told apart by what they were made from and the end of their ids", async () => {
    const world = makeWorld();
    const ids = ["twin", "twin", "other"].map((name) => world.addWalker(name).model.id);
    renderWithTheme(<ModelList onOpen={vi.fn()} />);
    const rows = (await screen.findAllByRole("row")).slice(1).map((row) => row.textContent);
    expect(rows).toHaveLength(3);
    for (const id of ids.slice(0, 2))
      expect(rows.filter((row) => row.includes(`…${id.slice(-4)}`))).toHaveLength(1);
    expect(rows.filter((row) => row.includes("…"))).toHaveLength(2);
    for (const row of rows) expect(row).toMatch(/\.pt · [\d.]+\u00a0K?B/);
  });
});

describe("demo models", () => {
  it("empty: names the command that makes them", async () => {
    server.use(http.get("*/demos", () => HttpResponse.json({ demos: [] })));
    renderWithTheme(<DemoList onOpened={vi.fn()} />);
    expect(await screen.findByText("make artifacts")).toBeVisible();
  });
  it("full: opening hands on the model and its demo", async () => {
    makeWorld();
    const onOpened = vi.fn();
    renderWithTheme(<DemoList onOpened={onOpened} />);
    await user.click(await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" }));
    await waitFor(() => expect(onOpened).toHaveBeenCalledTimes(1));
    expect(onOpened.mock.calls[0]).toEqual([
      expect.objectContaining({ obs_dim: 17 }),
      expect.objectContaining({ id: "walker2d" }),
    ]);
  });
  it("a demo whose files are missing cannot be opened", async () => {
    const demo = { id: "x", title: "X", description: "", env: "Ant-v5", artifacts_dir: "x", tap_index: 1 };
    server.use(http.get("*/demos", () => HttpResponse.json({ demos: [{ ...demo, available: false }] })));
    renderWithTheme(<DemoList onOpened={vi.fn()} />);
    expect(await screen.findByRole("button", { name: "Open demo X" })).toBeDisabled();
    expect(screen.getByText(/not in the artifacts root/)).toBeVisible();
  });
});

describe("upload", () => {
  const choose = (name: string) =>
    user.upload(screen.getByLabelText(/Drop a policy here/), new File(["x"], name));
  it("hands on what was stored", async () => {
    const { model } = makeWorld().addWalker("walker.pt");
    server.use(http.post("*/upload", () => HttpResponse.json(model, { status: 201 })));
    const onUploaded = vi.fn();
    renderWithTheme(<UploadZone onUploaded={onUploaded} />);
    await choose("walker.pt");
    await waitFor(() => expect(onUploaded).toHaveBeenCalled());
    expect(onUploaded.mock.calls[0]![0]).toEqual(model);
  });
  it("shows why a file was refused", async () => {
    makeWorld();
    renderWithTheme(<UploadZone onUploaded={vi.fn()} />);
    await choose("notes.json");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("notes.json could not be opened");
    expect(alert).toHaveTextContent("which no supported policy format does");
  });
  it("lists what was found, what was expected and what would work", async () => {
    const fields = { found: "a gzip archive", expected: "A policy", remedy: "Unpack it first" };
    const error = { code: "unsupported_file", message: "one long sentence", fields };
    server.use(http.post("*/upload", () => HttpResponse.json({ error }, { status: 400 })));
    renderWithTheme(<UploadZone onUploaded={vi.fn()} />);
    await choose("agent.tar.gz.zip");
    const alert = await screen.findByRole("alert");
    expect(
      within(alert)
        .getAllByRole("term")
        .map((term) => term.textContent),
    ).toEqual(["Found", "What would work", "Accepted here"]);
    expect(
      within(alert)
        .getAllByRole("definition")
        .map((told) => told.textContent),
    ).toEqual([fields.found, fields.remedy, fields.expected]);
    expect(alert).not.toHaveTextContent("one long sentence");
    const chooser = vi.spyOn(HTMLInputElement.prototype, "click");
    await user.click(within(alert).getByRole("button", { name: "Choose another file" }));
    expect(chooser).toHaveBeenCalledOnce();
    chooser.mockRestore();
  });
  it("a sentence alone is shown without the file's name, which the title says", async () => {
    server.use(http.post("*/upload", () => fail(413, "big.pt: this file takes too long to read.")));
    renderWithTheme(<UploadZone onUploaded={vi.fn()} />);
    await choose("big.pt");
    const alert = await screen.findByRole("alert");
    expect(within(alert).getByText("This file takes too long to read.")).toBeVisible();
  });
  it("what is not the file's fault is tried again with the same file", async () => {
    const { model } = makeWorld().addWalker("walker.pt");
    server.use(
      http.post("*/upload", () => fail(429, "Too many files are being opened."), { once: true }),
      http.post("*/upload", () => HttpResponse.json(model, { status: 201 })),
    );
    const onUploaded = vi.fn();
    renderWithTheme(<UploadZone onUploaded={onUploaded} />);
    await choose("walker.pt");
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    await waitFor(() => expect(onUploaded).toHaveBeenCalled());
  });
  it("a dropped file is taken whatever its ending is", async () => {
    const { model } = makeWorld().addWalker("weights.bin");
    server.use(http.post("*/upload", () => HttpResponse.json(model, { status: 201 })));
    const onUploaded = vi.fn();
    renderWithTheme(<UploadZone onUploaded={onUploaded} />);
    const label = screen.getByText("Drop a policy here, or choose a file");
    fireEvent.drop(label, { dataTransfer: { files: [new File(["x"], "weights.bin")] } });
    await waitFor(() => expect(onUploaded).toHaveBeenCalled());
  });
});

describe("the model bar", () => {
  it("says where the activation function comes from, and how many edits there are", () => {
    const { model } = makeWorld().addWalker("mine", { activation_source: "default", n_edits: 2 });
    renderWithTheme(<ModelBar model={model} onChange={vi.fn()} />);
    expect(screen.getByText("GELU, assumed, the file does not record it")).toBeVisible();
    expect(screen.getByText("2 edits")).toBeVisible();
  });
});

function Network(props: Omit<ComponentProps<typeof NetworkPanel>, "tab" | "onTab">) {
  const [tab, setTab] = useState<View["network"]>();
  return <NetworkPanel {...props} tab={tab} onTab={setTab} />;
}

describe("the network", () => {
  it("loading, then the drawing with its tap, moved by keys", async () => {
    const { model } = makeWorld().addWalker();
    const onTap = vi.fn();
    renderWithTheme(<Network model={model} tap={3} onTap={onTap} />);
    expect(screen.getByRole("status", { name: "Reading the network" })).toBeVisible();
    expect(
      await screen.findByRole("img", { name: /17 → 32 → 32 → 32 → 6 units; the strongest weight is/ }),
    ).toBeVisible();
    expect(await screen.findByText("left foot torque")).toBeVisible();
    const handle = screen.getByRole("slider", { name: "Tap position" });
    expect(handle).toHaveAttribute("aria-valuetext", "net[3], after GELU, 32 wide");
    handle.focus();
    await user.keyboard("{ArrowRight}{End}{Home}");
    expect(onTap.mock.calls.flat()).toEqual([4, 6, 0]);
  });
  it("error", async () => {
    const { model } = makeWorld().addWalker();
    server.use(http.get("*/model/:id/summary", () => fail(500, "The file has vanished.")));
    renderWithTheme(<Network model={model} tap={null} onTap={vi.fn()} />);
    expect(await screen.findByRole("alert")).toHaveTextContent("The file has vanished.");
  });
  it("raw weights: a parameter is scaled, a cell set, the last edit undone", async () => {
    const world = makeWorld();
    const { model } = world.addWalker();
    const value = () => world.models.get(model.id)!.weights.get("net.0.weight")![0]![0]!;
    const before = value();
    renderWithTheme(<Network model={model} tap={3} onTap={vi.fn()} />);
    await user.click(screen.getByText("Raw weights"));
    const history = within((await screen.findByText("No edits yet")).closest("div")!.parentElement!);
    await user.click(await screen.findByRole("button", { name: "Apply" }));
    expect(await history.findByText("net.0.weight × 0.9")).toBeVisible();
    expect(value()).toBeCloseTo(0.9 * before);
    const field = await screen.findByLabelText(/^Value, now/);
    await user.clear(field);
    await user.type(field, "0.25");
    await user.click(screen.getByRole("button", { name: "Set cell" }));
    expect(await history.findByText("net.0.weight[0, 0] set to 0.25")).toBeVisible();
    expect(value()).toBe(0.25);
    await user.click(history.getByRole("button", { name: "Undo" }));
    expect(await history.findByText("1 edit")).toBeVisible();
    expect(value()).toBeCloseTo(0.9 * before);
  });
});
