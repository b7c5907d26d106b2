import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http } from "msw";
import { useState } from "react";
import { describe, expect, it, vi } from "vitest";

import { SAE } from "@/testing/mock/models";
import { interpretation } from "@/testing/mock/features";
import { fail } from "@/testing/mock/reply";
import { makeWorld, renderAt, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";
import { useModel } from "@/modules/models/api";

import { ChosenFeature } from "./ChosenFeature";
import { InterpretPanel, type Ranking } from "./InterpretPanel";
import { PerturbPanel } from "./PerturbPanel";

const user = userEvent.setup();
const START: Ranking = { target: 0, sort: "abs_weight", top: 10 };

function addWalker(sae: object | null = {}) {
  const world = makeWorld();
  return world.addWalker("walker", { sae: sae && { ...SAE, ...sae } });
}

function Interpret({ id, onFeature }: { id: string; onFeature: (feature: number) => void }) {
  const { data: model } = useModel(id);
  const [ranking, setRanking] = useState(START);
  return model ? (
    <InterpretPanel
      model={model}
      ranking={ranking}
      onRanking={(patch) => setRanking((old) => ({ ...old, ...patch }))}
      feature={undefined}
      onFeature={onFeature}
    />
  ) : null;
}

const chosenRows = () =>
  screen.getAllByRole("button", { name: /^Feature \d+$/ }).map((button) => Number(button.textContent));

describe("Interpret", () => {
  it("waits for an SAE", async () => {
    const { model } = addWalker(null);
    renderWithTheme(<Interpret id={model.id} onFeature={vi.fn()} />);
    expect(await screen.findByText("Waiting for an SAE")).toBeVisible();
  });
  it("needs cached data", async () => {
    const { model } = addWalker({ has_cached_data: false });
    renderWithTheme(<Interpret id={model.id} onFeature={vi.fn()} />);
    expect(await screen.findByText("Need SAE + cached data")).toBeVisible();
  });
  it("shows that it is working", async () => {
    const { model } = addWalker();
    server.use(http.post("*/interpret_features", () => delay("infinite")));
    renderWithTheme(<Interpret id={model.id} onFeature={vi.fn()} />);
    expect(await screen.findByRole("status", { name: "Ranking the features" })).toBeVisible();
  });
  it("says what failed, and tries again", async () => {
    const { model } = addWalker();
    server.use(
      http.post("*/model/:id/interpret_features", () => fail(422, "cached_obs holds NaN."), { once: true }),
    );
    renderWithTheme(<Interpret id={model.id} onFeature={vi.fn()} />);
    expect(await screen.findByRole("alert")).toHaveTextContent("cached_obs holds NaN.");
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("table")).toBeVisible();
  });
  it("fills by itself, in the server's order; a click anywhere in a row chooses its feature", async () => {
    const { model } = addWalker();
    const onFeature = vi.fn();
    renderWithTheme(<Interpret id={model.id} onFeature={onFeature} />);
    await screen.findByRole("table");
    const expected = interpretation(0, 10, "abs_weight").features.map((row) => row.feature_idx);
    expect(chosenRows()).toEqual(expected);
    await user.click(screen.getAllByRole("row")[3]!);
    expect(onFeature).toHaveBeenCalledWith(expected[2]);
    expect(screen.getByText(/Ridge on 20,000 cached states/)).toBeVisible();
  });
  it("asks the server again for another order, length and action", async () => {
    const { model } = addWalker();
    renderWithTheme(<Interpret id={model.id} onFeature={vi.fn()} />);
    await screen.findByRole("table");
    await user.click(screen.getByRole("button", { name: "Density" }));
    const byDensity = interpretation(0, 10, "density").features.map((row) => row.feature_idx);
    await waitFor(() => expect(chosenRows()).toEqual(byDensity));
    expect(screen.getByRole("columnheader", { name: /Density/ })).toHaveAttribute("aria-sort", "descending");
    await user.click(screen.getByText("Top 25"));
    await waitFor(() => expect(chosenRows()).toHaveLength(25));
    await user.click(screen.getByRole("combobox", { name: "Target action" }));
    await user.click(await screen.findByRole("option", { name: /left leg torque/ }));
    const other = interpretation(4, 25, "density").features.map((row) => row.feature_idx);
    await waitFor(() => expect(chosenRows()).toEqual(other));
  });
});

function Perturb({ id }: { id: string }) {
  const { data: model } = useModel(id);
  const [feature, setFeature] = useState<number>();
  const [alpha, setAlpha] = useState(0);
  return model ? (
    <PerturbPanel
      onStored={() => undefined}
      model={model}
      ranking={START}
      feature={feature}
      alpha={alpha}
      onFeature={setFeature}
      onAlpha={setAlpha}
    />
  ) : null;
}

async function chooseFirst() {
  await user.click(await screen.findByRole("combobox", { name: "Feature" }));
  const [first] = await screen.findAllByRole("option");
  await user.click(first!);
}

const setAlpha = async (value: string) => {
  const box = screen.getByRole("textbox", { name: /alpha/ });
  await user.clear(box);
  await user.type(box, value);
};

describe("Perturb", () => {
  it("needs an SAE", async () => {
    const { model } = addWalker(null);
    renderAt("/", () => <Perturb id={model.id} />);
    expect(await screen.findByText("Needs an SAE")).toBeVisible();
  });
  it("does nothing before a feature is chosen", async () => {
    const { model } = addWalker();
    renderAt("/", () => <Perturb id={model.id} />);
    expect(await screen.findByRole("button", { name: "Apply Feature Perturbation" })).toBeDisabled();
    expect(screen.getByRole("textbox", { name: /alpha/ })).toBeDisabled();
  });
  it("lists features by interpretability, stores a signed dose, and clears it", async () => {
    const stored = addWalker();
    renderAt("/", () => <Perturb id={stored.model.id} />);
    await chooseFirst();
    const [strongest] = interpretation(0, 1, "abs_weight").features;
    expect(screen.getByRole("combobox", { name: "Feature" })).toHaveValue(
      `Feature ${strongest!.feature_idx}`,
    );
    expect(screen.getByText(/α = 0 adds nothing/)).toBeVisible();
    await setAlpha("-2.5");
    await user.click(screen.getByRole("button", { name: "Apply Feature Perturbation" }));
    const status = await screen.findByText(/Stored for the next run/);
    expect(status).toHaveTextContent(`α = −2.5 on feature ${strongest!.feature_idx}`);
    expect(stored.model).toBeDefined();
    await user.click(screen.getByRole("button", { name: "Clear" }));
    await waitFor(() => expect(screen.queryByText(/Stored for the next run/)).toBeNull());
  });
  it("keeps α within its limits and resets to zero", async () => {
    const { model } = addWalker();
    renderAt("/", () => <Perturb id={model.id} />);
    await chooseFirst();
    await setAlpha("9");
    await user.tab();
    expect(screen.getByRole("slider", { name: "Strength alpha" })).toHaveAttribute("aria-valuenow", "5");
    await user.click(screen.getByRole("button", { name: "Reset" }));
    expect(screen.getByRole("slider", { name: "Strength alpha" })).toHaveAttribute("aria-valuetext", "α = 0");
  });
  it("says why a dose was refused", async () => {
    const { model } = addWalker();
    server.use(http.post("*/sae_perturb", () => fail(422, "feature_idx 900 is outside 0 … 127.")));
    renderAt("/", () => <Perturb id={model.id} />);
    await chooseFirst();
    await user.click(screen.getByRole("button", { name: "Apply Feature Perturbation" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("outside 0 … 127");
  });
});

describe("what a dose means", () => {
  const row = { ...interpretation(0, 1, "abs_weight").features[0]!, decoder_norm: 1.5, local_gain: 0.14 };
  const show = (alpha: number, known = true) =>
    renderWithTheme(
      <ChosenFeature
        feature={42}
        alpha={alpha}
        tap={4}
        row={known ? row : undefined}
        targetName="hip torque"
      />,
    );
  it("gives the length of the push and the first-order change", () => {
    const { container } = show(-5);
    expect(container).toHaveTextContent(
      "Adds −5 · w42 to the activation after net[4], a push of length 7.5.",
    );
    expect(container).toHaveTextContent("To first order, α = −5 changes hip torque by −0.700");
    expect(within(container).getByRole("button", { name: "What is the first-order change?" })).toBeVisible();
  });
  it("claims nothing about a feature that is not known", () => {
    expect(show(5, false).container).toHaveTextContent(/Adds 5 · w42 to the activation after net\[4\]\.$/);
  });
});
