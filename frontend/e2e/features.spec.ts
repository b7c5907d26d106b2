import { checkAccessibility, expect, loadSae, openPage, test } from "./support";

test("every feature: analysed, searched, opened, noted, steered, grouped", async ({ page }) => {
  test.setTimeout(240_000);
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

  const article = panel.getByRole("article");
  await expect(article.getByRole("img", { name: /Histogram of the activation/ })).toBeVisible();
  const clip = article.getByRole("group", { name: /^Clip: Episode/ });
  await article.getByRole("heading", { name: "Examples" }).scrollIntoViewIfNeeded();
  await expect(clip.locator("canvas")).toBeVisible();
  await clip.getByRole("slider").focus();
  await page.keyboard.press("Home");
  await expect(clip.getByText("−0.50 s")).toBeVisible();
  await article.getByText("By strength", { exact: true }).click();
  await expect(article.getByTitle("right thigh torque")).toBeVisible();
  await expect(clip).toHaveCount(1);
  const form = article.getByRole("form");
  await form.getByLabel("Name").fill("my brake");
  await form.getByRole("button", { name: "Save notes" }).click();
  await panel.getByRole("searchbox", { name: "Search" }).fill("my brake");
  await expect(table.getByRole("button", { name: /^Feature \d+$/ })).toHaveCount(1);
  await expect(page).toHaveURL(/my(\+|%20)brake/);
  await article.getByRole("button", { name: "Steer", exact: true }).click();
  await expect(page.locator("#perturb-title")).toBeFocused();

  await page.goBack();
  await panel.getByText("Clusters", { exact: true }).click();
  await expect(panel.getByText(/cluster structure|clusters/i).first()).toBeVisible();
  await panel.getByRole("button", { name: /^Steer cluster 0/ }).click();
  await expect(page.locator("#perturb").getByText(/Stored for the next run/)).toBeVisible();
  await page.goBack();
  await expect(panel.getByRole("button", { name: /^Steer cluster 0/ })).toBeVisible();
  await checkAccessibility(page);
});
