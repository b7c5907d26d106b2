import { checkAccessibility, expect, openFeatures, test } from "./support";

test("every feature: analysed, searched, opened, noted, steered, grouped", async ({ page }) => {
  test.setTimeout(240_000);
  const { panel, table } = await openFeatures(page);

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
