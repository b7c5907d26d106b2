import { artifact, checkAccessibility, expect, loadSae, openPage, test, upload } from "./support";

test("report card, editor, dose-response, calibration, scan and evidence, on a live server", async ({
  page,
}) => {
  test.setTimeout(300_000);
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  await loadSae(page, "walker2d_w32");
  await expect(page.getByText("In the closed loop: not measured yet")).toBeVisible();

  // The report card: two seeds are a preview, and it says so.
  await page.getByRole("button", { name: "Measure it" }).click();
  await expect(page.locator("#report-title")).toBeFocused();
  const report = page.locator("#report");
  await report.getByLabel("Seeds").fill("2");
  await report.getByRole("button", { name: "Measure the SAE" }).click();
  await expect(report.getByRole("row", { name: /^SAE/ })).toContainText("%", { timeout: 90_000 });
  await expect(report.getByRole("row", { name: /^Mean of the activations/ })).toBeVisible();
  await expect(report.getByText(/a preview, not inferential/)).toBeVisible();

  await checkAccessibility(page);
  await openPage(page, "Workbench");
  // The editor unfolds from the slider; a strong dose warns and is stored all the same.
  await page.locator("#interpret tbody tr").first().click();
  const perturb = page.locator("#perturb");
  await perturb.getByText(/^Other units, forms/).click();
  await perturb.getByLabel("Dose", { exact: true }).fill("0.25");
  await expect(perturb.getByText(/: strong, most gaits collapse/)).toBeVisible();
  await perturb.getByText("α", { exact: true }).last().click();
  await expect(perturb.getByLabel("Dose", { exact: true })).not.toHaveValue("0.25");
  await perturb.getByRole("button", { name: "Store for the next run" }).click();
  await expect(perturb.getByText(/^Stored for the next run: α = \+/)).toBeVisible();

  await checkAccessibility(page);

  // Dose-response, small.
  await openPage(page, "Effects");
  const effects = page.locator("#effects");
  await effects.getByLabel("Seeds").fill("6");
  await effects.getByLabel("Max steps").fill("60");
  await effects.getByLabel("Doses δₐ, both signs").fill("0.05");
  await effects.getByLabel("Random directions").fill("2");
  await effects.getByRole("button", { name: "Measure the dose-response" }).click();
  await expect(effects.getByText(/^Feature \d+ on speed, 6 seeds/)).toBeVisible({ timeout: 60_000 });
  await expect(page).toHaveURL(/study=r_/);
  await expect(effects.getByRole("table", { name: /Every dose/ }).getByRole("row")).toHaveCount(3);
  await effects.getByRole("button", { name: "Measure the dose-response" }).click();
  await expect(effects.getByText(/^Exactly this was finished before/)).toBeVisible();
  const [bundle] = await Promise.all([
    page.waitForEvent("download"),
    effects.getByRole("button", { name: "Evidence bundle" }).click(),
  ]);
  expect(bundle.suggestedFilename()).toMatch(/^r_.*\.zip$/);

  // Calibration: whatever it finds, it says one of the two things and shows the safe range.
  await effects.getByText("Calibrate", { exact: true }).click();
  await effects.getByLabel("Max steps").fill("60");
  await effects.getByLabel("Wanted change").fill("3");
  await effects.getByRole("button", { name: "Find the dose" }).click();
  await expect(effects.getByText(/^(reached|unreachable within what is safe)$/)).toBeVisible({
    timeout: 90_000,
  });
  await expect(effects.getByRole("heading", { name: /^Safe range of δₐ/ })).toBeVisible();

  // Scan of three features.
  await effects.getByText("Scan all features", { exact: true }).click();
  await effects.getByLabel("Only the first").fill("3");
  await effects.getByLabel("Seeds").fill("6");
  await effects.getByLabel("Max steps").fill("60");
  await effects.getByRole("button", { name: "Scan", exact: true }).click();
  await expect(effects.getByRole("heading", { name: /^What was run: 6 pushes/ })).toBeVisible({
    timeout: 90_000,
  });
  await expect(effects.getByRole("heading", { name: "Findings: confirmed on fresh seeds" })).toBeVisible();

  // The address brings the study back.
  await page.reload();
  await expect(effects.getByRole("heading", { name: /^What was run: 6 pushes/ })).toBeVisible();
  await checkAccessibility(page);
});
