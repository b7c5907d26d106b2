import { existsSync } from "node:fs";

import { type Page } from "@playwright/test";

import { artifact, checkAccessibility, expect, test, upload } from "./support";

const refused = (name: string) => artifact("refused", name);

/** Chromium notes each refused request down as an error of the page. */
const REFUSALS = /status of 4(00|13)/;

async function refusal(page: Page, input: string, files: string[], failed: string) {
  await page.locator(input).setInputFiles(files);
  const alert = page.getByRole("alert").filter({ hasText: failed });
  await expect(alert).toBeVisible();
  return alert;
}

test("refused policies: each says what it is and what would work, and nothing is stored", async ({
  page,
  complaints,
}) => {
  await page.goto("/");
  const cases = [
    ["code.pt", /posix\.system/, /state_dict/],
    ["cnn.pt", /a convolution/, /Train or distil an MLP/],
    ["notes.pt", /\d+ bytes: text\./, /imitator\.pt/],
    ["bomb.zip", /268,435,456/, /without .*compression/],
  ] as const;
  for (const [name, found, remedy] of cases) {
    const alert = await refusal(page, "#policy-file", [refused(name)], `${name} could not be opened`);
    const told = await alert.getByRole("definition").allInnerTexts();
    expect(told).toHaveLength(3);
    expect(told[0]).toMatch(found);
    expect(told[1]).toMatch(remedy);
    expect(told[2]).toContain("Stable-Baselines3");
    // the sentences stay inside their box, and the page does not scroll sideways
    expect(await alert.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  }
  await checkAccessibility(page);
  expect(existsSync(artifact("executed")), "code of a file was run").toBe(false);
  const { models } = (await (await page.request.get("/models")).json()) as { models: { filename: string }[] };
  expect(
    models.map(({ filename }) => filename).filter((name) => cases.some(([own]) => own === name)),
  ).toEqual([]);
  expect(complaints.splice(0).filter((text) => !REFUSALS.test(text))).toEqual([]);
});

test("refused SAEs, then one whose file names no tap, attached at the marker", async ({
  page,
  complaints,
}) => {
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  const attach = (...names: string[]) =>
    refusal(page, "#sae-file", names.map(refused), "could not be attached");
  await expect(await attach("notes.pt")).toContainText("Choose the file");
  await expect(await attach("cnn.pt")).toContainText("step 1");
  await expect(await attach("sae_weights.safetensors")).toContainText("cfg.json");
  const asked = await attach("sae_weights.safetensors", "cfg.json");
  await expect(asked).toContainText("Taps that fit: 0, 1, 2, 3, 4, 5.");
  await checkAccessibility(page);
  await asked.getByRole("button", { name: "Use tap 4" }).click();
  await expect(page.locator("#load-sae").getByText("sae_weights.safetensors, cfg.json")).toBeVisible();
  await expect(asked).toHaveCount(0);
  await expect(page.getByRole("list", { name: "Warnings" })).toContainText("brings no cached data along");
  expect(complaints.splice(0).filter((text) => !REFUSALS.test(text))).toEqual([]);
});
