import type { Locator, Page } from "@playwright/test";

import { artifact, checkAccessibility, expect, loadSae, openPage, resultRow, test, upload } from "./support";

const PAGES = ["Workbench", "SAE", "Features", "Effects", "Live", "Train", "Versus"] as const;

/** Nothing sticks out to the right of the page, once charts have measured themselves in a changed window. */
async function checkWidth(page: Page) {
  await expect
    .poll(
      () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      {
        message: "how far the content is wider than the window",
      },
    )
    .toBeLessThanOrEqual(0);
}

test("every page is accessible in both themes and fits 1280 and 1920, without an SAE and with one", async ({
  page,
}) => {
  test.setTimeout(300_000);
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  for (const state of ["no SAE", "SAE"]) {
    if (state === "SAE") {
      await openPage(page, "Workbench");
      await loadSae(page, "walker2d_w32");
      await expect(page.locator("#interpret tbody tr")).toHaveCount(10);
    }
    for (const label of PAGES) {
      await openPage(page, label);
      await expect(page.getByRole("button", { name: label, exact: true })).toHaveAttribute(
        "aria-current",
        "page",
      );
      await expect(page.locator("main").getByRole("heading", { level: 2 }).first()).toBeVisible();
      for (const width of [1280, 1920]) {
        await page.setViewportSize({ width, height: 1000 });
        await checkWidth(page);
      }
      await checkAccessibility(page);
    }
  }
});

/** Moves the focus there with the Tab key alone. */
async function tabTo(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  for (let press = 0; press < 150; press++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("The Tab key does not lead there.");
}

test("the whole flow with the keyboard alone", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto("/");
  await tabTo(page, page.getByRole("button", { name: "Open demo Walker2d" }));
  await page.keyboard.press("Enter");
  const load = page.locator("#load-sae").getByRole("button", { name: "Load SAE" });
  await tabTo(page, load);
  await page.keyboard.press("Enter");
  const row = page.locator("#interpret tbody tr").first().getByRole("button");
  await tabTo(page, row);
  await page.keyboard.press("Enter");
  const alpha = page.locator("#perturb").getByLabel("Strength alpha, exact");
  await tabTo(page, alpha);
  await page.keyboard.press("Control+a");
  await page.keyboard.type("-4");
  await tabTo(page, page.getByRole("button", { name: "Apply Feature Perturbation" }));
  await page.keyboard.press("Enter");
  await expect(page.getByText(/Stored for the next run: α = −4/)).toBeVisible();
  const episodes = page.locator("#run").getByLabel("Episodes");
  await tabTo(page, episodes);
  await page.keyboard.press("Control+a");
  await page.keyboard.type("2");
  await tabTo(page, page.locator("#run").getByLabel("Max steps"));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("60");
  await tabTo(page, page.getByRole("button", { name: "Run Model" }));
  await page.keyboard.press("Enter");
  const [without, changed] = await resultRow(page, "Mean return");
  expect(changed).not.toBe(without);
  // and away again by digit and by command
  await page.keyboard.press("Escape");
  await page.locator("#compare-title").focus();
  await page.keyboard.press("4");
  await expect(page.getByRole("heading", { name: "Effects you can believe" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "What to do" })).toBeFocused();
  await page.keyboard.type("workbench");
  await page.keyboard.press("Enter");
  await expect(page.locator("#interpret")).toBeVisible();
});

test("the building blocks look as they did, in both themes and widths", async ({ page }) => {
  await page.goto("/components");
  await expect(page.getByRole("heading", { level: 1, name: "Components" })).toBeVisible();
  await checkAccessibility(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of [1280, 1920]) {
      await page.setViewportSize({ width, height: 1000 });
      await checkWidth(page);
      for (const id of ["type", "buttons", "states", "verdicts", "charts"])
        await expect(page.locator(`#${id}`)).toHaveScreenshot(`${id}-${colorScheme}-${String(width)}.png`, {
          maxDiffPixelRatio: 0.01,
        });
    }
  }
});
