import { artifact, checkAccessibility, expect, loadSae, resultRow, startRun, test, upload } from "./support";

const SHORT = { episodes: 8, steps: 250 };

test("the five steps, from the demo to a measured difference", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Walker2d" })).toBeVisible();
  await expect(
    page.getByRole("img", { name: /The policy as columns of units.*17 → 32 → 32 → 32 → 6 units/ }),
  ).toBeVisible();
  await expect(page.getByRole("slider", { name: "Tap position" })).toHaveAttribute("aria-valuenow", "4");

  // 2. Load SAE: the fitting directory is offered by itself.
  const sae = page.locator("#load-sae");
  await expect(sae.getByRole("combobox", { name: "Artifacts directory" })).toHaveValue("walker2d_w32");
  await sae.getByRole("button", { name: "Load SAE" }).click();
  await expect(sae.getByText("d_latent 128")).toBeVisible();
  await expect(sae.getByText(/The SAE rebuilds 99\.\d+\s% of the variance at tap 4/)).toBeVisible();

  // 3. Interpret fills by itself.
  const rows = page.locator("#interpret tbody tr");
  await expect(rows).toHaveCount(10);
  await rows.first().click();
  await expect(rows.first()).toHaveAttribute("data-chosen", "true");
  const feature = await rows.first().getByRole("button").innerText();

  // 4. Perturb: the strongest feature, pushed.
  const perturb = page.locator("#perturb");
  await expect(perturb.getByRole("combobox", { name: "Feature" })).toHaveValue(`Feature ${feature}`);
  await perturb.getByLabel("Strength alpha, exact").fill("5");
  await perturb.getByLabel("Strength alpha, exact").blur();
  await perturb.getByRole("button", { name: "Apply Feature Perturbation" }).click();
  await expect(perturb.getByText(`Stored for the next run: α = +5 on feature ${feature}`)).toBeVisible();

  // 5. Run, and read the difference.
  await startRun(page, SHORT);
  const compare = page.locator("#compare");
  await expect(compare.getByText(/8 seeds from 0, at most 250 steps/)).toBeVisible({ timeout: 60_000 });
  await expect(compare.getByText(/“intervention”/)).toBeVisible();
  const [without, changed, difference] = await resultRow(page, "Mean return");
  expect(without).toMatch(/\d/);
  expect(changed).toMatch(/\d/);
  expect(changed).not.toBe(without);
  expect(difference).toMatch(/[+−]\d/);
  await expect(compare.getByRole("region", { name: "Episodes per seed" }).locator("tbody tr")).toHaveCount(8);

  // The address holds everything: a reload shows the same result.
  const sentence = await compare.locator("p").first().innerText();
  await page.reload();
  await expect(compare.getByText(sentence)).toBeVisible();
  expect(await resultRow(page, "Mean return")).toEqual([without, changed, difference]);
  await expect(perturb.getByText(/α = \+5 on feature/)).toBeVisible();

  await checkAccessibility(page);
});

test("α = 0 gives exactly the baseline numbers, on an uploaded policy", async ({ page }) => {
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  await loadSae(page, "walker2d_w32");
  await page.locator("#interpret tbody tr").first().click();
  await page.getByRole("button", { name: "Apply Feature Perturbation" }).click();
  await expect(page.getByText(/Stored for the next run: α = 0 on feature/)).toBeVisible();
  await startRun(page, SHORT);
  const compare = page.locator("#compare");
  await expect(compare.getByText(/gave exactly the baseline numbers|exactly 0/).first()).toBeVisible({
    timeout: 60_000,
  });
  const [without, changed, difference] = await resultRow(page, "Mean return");
  expect(changed).toBe(without);
  expect(difference).toContain("exactly 0");
  const table = compare.getByRole("region", { name: "Episodes per seed" });
  for (const row of await table.locator("tbody tr").all()) {
    const [first, , second] = await row.getByRole("cell").allInnerTexts();
    expect(second).toBe(first);
  }
});

test("a run can be cancelled, and the next one still works", async ({ page }) => {
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  await startRun(page, { episodes: 400, steps: 1000 });
  await page.locator("#run").getByRole("button", { name: "Cancel" }).click();
  const compare = page.locator("#compare");
  await expect(compare.getByText("This run was cancelled before its end")).toBeVisible();
  await startRun(page, { episodes: 2, steps: 50 });
  await expect(compare.getByText(/2 seeds from 0, at most 50 steps/)).toBeVisible({ timeout: 60_000 });
});

test("the job tray holds a run across a reload, cancels it, and leads back to it", async ({ page }) => {
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  await startRun(page, { episodes: 400, steps: 1000 });
  const address = page.url();
  // the page of the run takes it up again after a reload, and so does the tray on any other page
  await page.reload();
  const run = page.locator("#run");
  await expect(run.getByRole("progressbar", { name: "Progress of the run" })).toBeVisible();
  await expect(run.getByRole("button", { name: "Cancel" })).toBeEnabled();
  await page.goto("/");
  await page.getByRole("button", { name: "Jobs: 1 running" }).click();
  const tray = page.getByRole("dialog", { name: "Jobs" });
  await expect(tray.getByText(/of 400,000 steps/)).toBeVisible();
  await tray.getByRole("button", { name: /^Cancel/ }).click();
  await expect(tray.getByText(/^cancelled, just now$/).first()).toBeVisible();
  await tray
    .getByRole("button", { name: /^Open: Run on Walker2d-v5, 400 seeds/ })
    .first()
    .click();
  await expect(page).toHaveURL(new RegExp(new URL(address).searchParams.get("run") ?? "no run"));
  await expect(page.locator("#compare").getByText("This run was cancelled before its end")).toBeVisible();
});

test("a token in the fragment is kept and leaves the address", async ({ page }) => {
  await page.goto("/#token=printed-by-the-server");
  await expect(page.getByRole("button", { name: "Open demo Walker2d" })).toBeVisible();
  expect(new URL(page.url()).hash).toBe("");
  expect(await page.evaluate(() => sessionStorage.getItem("policyscope-token"))).toBe(
    "printed-by-the-server",
  );
});

test("the first screen is accessible, and refuses a file with the server's own sentence", async ({
  page,
  complaints,
}) => {
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Open demo Walker2d" })).toBeVisible();
  await checkAccessibility(page);
  await page.locator("#policy-file").setInputFiles({
    name: "notes.pt",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("not a policy"),
  });
  await expect(page.getByRole("alert")).toContainText("notes.pt could not be opened");
  expect(complaints.splice(0)).toEqual([expect.stringContaining("status of 4")]);
});
