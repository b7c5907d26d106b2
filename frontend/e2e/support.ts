import { join } from "node:path";

import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Locator, type Page } from "@playwright/test";

/** A file of the artifacts root that the server under test serves. */
export function artifact(...path: string[]): string {
  const root = process.env.E2E_ARTIFACTS;
  if (!root) throw new Error("E2E_ARTIFACTS is not set: run e2e/run.sh.");
  return join(root, ...path);
}

interface Watched {
  /** What the console and the page complained about; a test that provokes an error empties it. */
  complaints: string[];
}

/** Every test fails when the page logs an error, throws, or breaks its content security policy. */
export const test = base.extend<Watched>({
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        const text = message.text();
        // Chromium's remark on its own software renderer when the page is composed without a GPU
        if (text.includes("GL Driver Message")) return;
        if (message.type() === "error" || message.type() === "warning") complaints.push(text);
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      await use(complaints);
      expect(complaints, "errors in the console").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** A figure that the test measured, kept with its result. */
export const note = (description: string) => base.info().annotations.push({ type: "measured", description });

export async function checkAccessibility(page: Page) {
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", scheme);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ""}`).join(" | ")}`,
    );
    expect(found, `axe, ${scheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

export async function upload(page: Page, file: string) {
  await page.goto("/");
  await page.locator("#policy-file").setInputFiles(file);
  await expect(page.getByRole("heading", { level: 2, name: "Load SAE" })).toBeVisible();
}

export async function loadSae(page: Page, directory: string) {
  const form = page.locator("#load-sae");
  await form.getByRole("combobox", { name: "Artifacts directory" }).fill(directory);
  await form.getByRole("button", { name: "Load SAE" }).click();
  await expect(form.getByText("Variance unexplained")).toBeVisible();
}

/** Another page of the open model. */
export async function openPage(
  page: Page,
  label: "Workbench" | "SAE" | "Features" | "Effects" | "Live" | "Train" | "Versus",
) {
  await page
    .getByRole("navigation", { name: "Pages of the model" })
    .getByRole("button", { name: label })
    .click();
}

interface Settings {
  episodes: number;
  steps: number;
}

export async function startRun(page: Page, { episodes, steps }: Settings) {
  const run = page.locator("#run");
  await run.getByLabel("Episodes").fill(String(episodes));
  await run.getByLabel("Max steps").fill(String(steps));
  await run.getByRole("button", { name: "Run Model" }).click();
  await expect(page).toHaveURL(/run=r_/);
}

/** The row of the result table, once it is there: baseline, changed arm, difference. */
export async function resultRow(page: Page, measure: string): Promise<string[]> {
  const row = page
    .locator("#compare tbody tr")
    .filter({ has: page.getByRole("rowheader", { name: measure }) });
  await expect(row).toBeVisible();
  return row.getByRole("cell").allInnerTexts();
}

/** The arm falls while steered live; what was recorded, run on the server, falls at the same step. */
export async function fallsInItsRunToo(page: Page, steered: Locator) {
  await expect(steered).toContainText(/fell at step \d+/, { timeout: 90_000 });
  await expect(steered).toContainText("fell in 1 of 1");
  const here = /fell at step (\d+)/.exec(await steered.innerText())?.[1];

  const save = page.locator("#live-save");
  await save.getByRole("button", { name: "Save as a run" }).click();
  await expect(save.getByRole("status")).toHaveText(
    new RegExp(`On the server it fell at step ${String(here)}, exactly as here`),
    { timeout: 60_000 },
  );
}

/** The features of the demo, analysed. */
export async function openFeatures(page: Page) {
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await loadSae(page, "walker2d_w32");
  await openPage(page, "Features");
  const panel = page.locator("#features");
  const table = panel.getByRole("region", { name: /Table of features/ });
  const analyse = panel.getByRole("button", { name: "Analyse the features" });
  // an analysis belongs to the SAE and the policy, so that somebody may have made it before
  await expect(table.or(analyse)).toBeVisible();
  if (await analyse.isVisible()) await analyse.click();
  await expect(table.getByRole("button", { name: /^Feature \d+$/ }).first()).toBeVisible({
    timeout: 200_000,
  });
  return { panel, table };
}
