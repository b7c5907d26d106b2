import { expect, loadSae, openPage, test } from "./support";

const GONE = "The server did not answer. Check that it is running, then try again.";

test("the server goes away: every page says so, the keys still work, and work goes on when it is back", async ({
  page,
  context,
  complaints,
}) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await loadSae(page, "walker2d_w32");
  const run = page.locator("#run");

  // A page whose code was never fetched, then a request of a page that is open.
  await context.setOffline(true);
  await openPage(page, "Features");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(`This page could not be opened${GONE}`);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "What to do" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.goBack();
  // a part of an open page whose code was never fetched: it alone is missing
  const fold = page.locator("#perturb").getByText("Other units, forms, gates, schedules, several features");
  await fold.click();
  await expect(page.locator("#perturb").getByRole("alert")).toContainText(
    `The editor could not be opened${GONE}`,
  );
  await fold.click();
  await expect(
    page.locator("#perturb").getByRole("button", { name: "Apply Feature Perturbation" }),
  ).toBeVisible();
  await run.getByLabel("Episodes").fill("2");
  await run.getByLabel("Max steps").fill("40");
  await run.getByRole("button", { name: "Run Model" }).click();
  await expect(run.getByRole("alert")).toContainText(GONE);

  await context.setOffline(false);
  await run.getByRole("alert").getByRole("button", { name: "Try again" }).click();
  await expect(page).toHaveURL(/run=r_/);
  await expect(page.locator("#compare").getByText(/2 seeds from 0, at most 40 steps/)).toBeVisible({
    timeout: 60_000,
  });

  await context.setOffline(true);
  await openPage(page, "Effects");
  await expect(alert).toContainText(GONE);
  await context.setOffline(false);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("button", { name: "Measure the dose-response" })).toBeVisible();
  expect(
    complaints
      .splice(0)
      .filter((text) => !/ERR_INTERNET_DISCONNECTED|dynamically imported|preload CSS/.test(text)),
  ).toEqual([]);
});
