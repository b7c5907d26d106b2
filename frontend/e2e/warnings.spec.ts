import { artifact, expect, loadSae, test, upload } from "./support";

test("an SAE file that names the wrong tap: the warning says so and its click settles it", async ({
  page,
}) => {
  await upload(page, artifact("walker2d_w32", "imitator.pt"));
  await loadSae(page, "walker2d_shifted");
  const sae = page.locator("#load-sae");
  await expect(sae.getByLabel("Tap", { exact: true })).toHaveValue("1");
  const warnings = sae.getByRole("list", { name: "Warnings" });
  await expect(warnings).toContainText("tap 4 reproduces them");
  await expect(sae.getByText(/worse than the mean/)).toBeVisible();
  await warnings.getByRole("button", { name: "Use tap 4" }).click();
  await expect(sae.getByText(/The SAE rebuilds 99\.\d+\s% of the variance at tap 4/)).toBeVisible();
  await expect(page.getByRole("slider", { name: "Tap position" })).toHaveAttribute("aria-valuenow", "4");
  await expect(warnings).toContainText("Nothing needs to be done");
  await expect(warnings.getByRole("button")).toHaveCount(0);
});

test("a policy file without its activation function: the right one is found and set by one click", async ({
  page,
}) => {
  await upload(page, artifact("unrecorded.pt"));
  await expect(page.getByText("GELU, assumed, the file does not record it")).toBeVisible();
  await loadSae(page, "walker2d_w32");
  const warnings = page.getByRole("list", { name: "Warnings" });
  await expect(warnings).toContainText("gelu, which was assumed");
  await warnings.getByRole("button", { name: /relu/i }).click();
  await expect(page.getByText("ReLU, set by you")).toBeVisible();
  await expect(warnings).toHaveCount(0);
  await expect(page.getByText(/The policy reproduces the cached activations/)).toBeVisible();
});
