import type { Page } from "@playwright/test";

import { checkAccessibility, expect, fallsInItsRunToo, loadSae, note, test } from "./support";

test("steering live: α dragged while it walks, a fall, and the same fall in a run of the server", async ({
  page,
}) => {
  test.setTimeout(240_000);
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await loadSae(page, "walker2d_w32");
  await page.locator("#interpret tbody tr").first().click();
  await page.locator("#perturb").getByRole("button", { name: "Steer live" }).click();
  await expect(page).toHaveURL(/screen=live/);
  const live = page.locator("#live");
  const start = live.getByRole("button", { name: "Start", exact: true });
  await expect(start).toBeEnabled({ timeout: 60_000 });
  await checkAccessibility(page);

  await page.getByText("2×", { exact: true }).click();
  // strong from the start, so that it falls early: after some 600 steps the last bits of two simulators part
  const slider = page.getByRole("slider", { name: /^α of feature/ });
  await slider.press("Home");
  await start.click();
  const steered = live.locator('[data-arm="steered"]');
  await expect(steered).toContainText(/step [1-9]/);
  const reaction = await reactionTo(page, () => slider.press("ArrowRight")); // while it walks
  note(`α reached a step ${reaction.ms.toFixed(1)} ms after the key`);
  expect(reaction.frames).toBeLessThanOrEqual(1);
  await fallsInItsRunToo(page, steered);

  const sweep = page.locator("#live-sweep");
  await sweep.getByRole("button", { name: "Preview" }).click();
  await expect(sweep.getByText(/rollouts in/)).toBeVisible({ timeout: 90_000 });
  await expect(sweep.getByRole("img", { name: /Preview of the dose-response/ })).toBeVisible();

  await page.locator("#live-save").getByRole("button", { name: "Open the run" }).click();
  await expect(
    page
      .locator("#compare")
      .getByText(/“by hand”/)
      .first(),
  ).toBeVisible({ timeout: 60_000 });
});

/** From the key to the end of the first step that felt it: time, and how many frames began in between. */
async function reactionTo(page: Page, act: () => Promise<void>) {
  await page.evaluate(() => {
    performance.clearMeasures("steering felt");
    const frames: number[] = [];
    const note = () => {
      frames.push(performance.now());
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    const key = new Promise<number>((resolve) =>
      addEventListener("keydown", () => resolve(performance.now()), { capture: true, once: true }),
    );
    window.reaction = (async () => {
      const pressed = await key;
      for (;;) {
        const felt = performance.getEntriesByName("steering felt").at(-1);
        if (felt && felt.startTime >= pressed) {
          const at = felt.startTime + felt.duration;
          return { ms: at - pressed, frames: frames.filter((frame) => frame > pressed && frame < at).length };
        }
        await new Promise(requestAnimationFrame);
      }
    })();
  });
  await act();
  return page.evaluate(() => window.reaction);
}

declare global {
  interface Window {
    reaction: Promise<{ ms: number; frames: number }>;
  }
}
