// A small training in the browser: watched, cancelled, resumed, and its SAE put to use.
import { checkAccessibility, expect, openPage, test } from "./support";

test("a training is watched, cancelled, resumed from its checkpoint, and its SAE is used", async ({
  page,
}) => {
  test.setTimeout(240_000);
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await openPage(page, "Train");
  const form = page.locator("#train");
  const fill = async (label: string, value: string) => {
    await form.getByLabel(label, { exact: true }).fill(value);
    await page.keyboard.press("Tab");
  };
  await form.getByRole("combobox", { name: "Variants" }).press("ArrowDown");
  await page.getByRole("option", { name: "relu", exact: true }).click();
  await page.getByRole("option", { name: "topk", exact: true }).click(); // off again
  await page.keyboard.press("Escape");
  for (const [label, value] of [
    ["Tap", "4"],
    ["k, one or several", "8"],
    ["Seeds of each", "1"],
    ["Steps", "5000"],
    ["Batch", "64"],
    ["Episodes", "4"],
    ["Longest episode", "60"],
    ["Episodes of the gate", "2"],
  ] as const)
    await fill(label, value);
  await expect(form.getByText(/--variant relu .*--steps 5000 --batch 64/)).toBeVisible();
  await checkAccessibility(page);
  await form.getByRole("button", { name: "Train the SAE" }).click();

  const sweep = page.locator("#sweep");
  const loss = sweep.getByRole("img", { name: /^Loss over training steps, 1 training/ });
  const drawn = async () => (await loss.locator("path").getAttribute("d"))?.length ?? 0;
  await expect.poll(drawn, { timeout: 60_000 }).toBeGreaterThan(0);
  const before = await drawn();
  await expect.poll(drawn, { timeout: 60_000 }).toBeGreaterThan(before); // the curve grows while it learns
  await sweep.getByRole("button", { name: "Cancel" }).click();
  await expect(
    sweep.getByText(/not finished: it was cancelled. It goes on from its last checkpoint/),
  ).toBeVisible();
  const atCancel = await drawn();
  expect(atCancel).toBeGreaterThan(before);

  await sweep.getByRole("button", { name: "Resume" }).click();
  const use = sweep.getByRole("button", { name: /^Use this SAE: k 8/ });
  await expect(use).toBeVisible({ timeout: 150_000 });
  expect(await drawn()).toBeGreaterThanOrEqual(atCancel);
  await checkAccessibility(page);
  await use.click();
  await expect(page.getByText(/sweep w_\w+, k 8 of 64, seed 0/).first()).toBeVisible();
});
