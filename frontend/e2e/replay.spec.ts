import { readFile } from "node:fs/promises";

import type { Locator, Page } from "@playwright/test";

import { checkAccessibility, expect, loadSae, note, startRun, test } from "./support";

test("watching a run: it moves, charts and keys scrub it, every unit is shown, and it re-runs from any step", async ({
  page,
}) => {
  test.setTimeout(300_000);
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await loadSae(page, "walker2d_w32");
  await page.locator("#interpret tbody tr").first().click();
  const perturb = page.locator("#perturb");
  await perturb.getByLabel("Strength alpha, exact").fill("5");
  await perturb.getByLabel("Strength alpha, exact").blur();
  await perturb.getByRole("button", { name: "Apply Feature Perturbation" }).click();
  const moved = await firstMove(page);
  await startRun(page, { episodes: 4, steps: 300 });

  const replay = page.getByRole("region", { name: "Replay" });
  const clock = replay.getByText(/^step \d+ of 299/);
  await expect(clock).toBeVisible({ timeout: 60_000 });
  const first = await clock.innerText();
  await expect(clock).not.toHaveText(first); // it plays by itself
  const waited = (await moved()) - (await endOfRun(page));
  note(`first moving frame ${String(waited)} ms after the rollout ended`);
  expect(waited).toBeLessThan(20_000); // wide: 0.5 s with nothing else running, but much else may run

  // Keys of the player.
  const slider = replay.getByRole("slider", { name: "Step" });
  await replay.getByRole("button", { name: "Pause" }).click();
  await slider.focus();
  await page.keyboard.press("Home");
  await expect(clock).toHaveText(/^step 0 of/);
  await replay.getByRole("button", { name: "Play" }).focus();
  for (const [key, step] of [
    [".", 1],
    ["]", 26],
    [",", 25],
    ["[", 0],
  ] as const) {
    await page.keyboard.press(key);
    await expect(clock).toHaveText(new RegExp(`^step ${String(step)} of`));
  }

  // What is on screen goes out as a picture, drawn when it is asked for and not empty.
  const picture = replay.getByRole("group", { name: /^Save Replay of seed/ });
  const colours = await coloursOf(page, picture);
  note(`saved picture of the replay: ${String(colours.size)} colours, ${String(colours.width)} px wide`);
  expect(colours.size).toBeGreaterThan(40);
  expect(colours.width).toBeGreaterThan(1500);

  // The units of every layer, on the same time bar: pressing in a map moves the bodies.
  await replay.getByText("What every unit of the network does").click();
  const map = replay.getByRole("img", { name: /^baseline: 32 units over 300 steps/ }).first();
  await expect(map).toBeVisible();
  await expect(replay.getByRole("heading", { name: "Action" })).toBeVisible();
  await expect(replay.getByRole("img", { name: /^intervention − baseline/ })).toHaveCount(4);
  await map.scrollIntoViewIfNeeded();
  const box = await map.boundingBox();
  await map.click({ position: { x: (box?.width ?? 0) / 2, y: 10 }, force: true });
  await expect(clock).toHaveText(/^step 1(49|50|51) of/);
  await checkAccessibility(page);

  // The address holds arms, frame and choices: opened anew it shows the same.
  await replay.getByText("In one view").click();
  const intervention = replay.getByRole("checkbox", { name: "intervention", exact: true });
  await intervention.click();
  await expect(intervention).not.toBeChecked();
  await expect(page).toHaveURL(/step.{3,12}1(49|50|51)/);
  await page.reload();
  await expect(clock).toHaveText(/^step 1(49|50|51) of/, { timeout: 60_000 });
  await expect(replay.getByRole("radio", { name: "In one view" })).toBeChecked();
  await expect(intervention).not.toBeChecked();
  await expect(map).toBeVisible();

  // From here, with the saved state of the simulator.
  await replay.getByRole("button", { name: /^Re-run from step 1\d\d$/ }).click();
  await expect(
    page.locator("#compare").getByText(/started from baseline of run r_\w+, seed 0, step 1\d\d/),
  ).toBeVisible({
    timeout: 60_000,
  });
});

/** Saves as PNG, opens the file again in the page and counts its colours. */
async function coloursOf(page: Page, buttons: Locator) {
  const saving = page.waitForEvent("download");
  await buttons.getByRole("button", { name: "Save as PNG" }).click();
  const file = await (await saving).path();
  const bytes = (await readFile(file)).toString("base64");
  return page.evaluate(async (text) => {
    const blob = new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], {
      type: "image/png",
    });
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    const { data } = context?.getImageData(0, 0, bitmap.width, bitmap.height) ?? { data: [] };
    const found = new Set<number>();
    for (let at = 0; at < data.length; at += 4)
      found.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
    return { size: found.size, width: bitmap.width };
  }, bytes);
}

/** Watches for the first frame after the one that stands; the answer is the time of day in milliseconds. */
async function firstMove(page: Page) {
  await page.evaluate(() => {
    window.moved = new Promise((resolve) => {
      const look = () => {
        const shown = document.querySelector('section[aria-label="Replay"] output')?.textContent ?? "";
        if (/^step [1-9]/.test(shown)) resolve(Date.now());
        else requestAnimationFrame(look);
      };
      look();
    });
  });
  return () => page.evaluate(() => window.moved);
}

async function endOfRun(page: Page): Promise<number> {
  const id = /run=(r_\w+)/.exec(page.url())?.[1] ?? "";
  const run = (await (await page.request.get(`/run/${id}`)).json()) as { finished_at: string };
  return Date.parse(run.finished_at);
}

declare global {
  interface Window {
    moved: Promise<number>;
  }
}
