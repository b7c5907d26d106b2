import { expect, openFeatures, openPage, test } from "./support";

test("a feature is starred, collected and found again; the page gets a name and opens from the palette", async ({
  page,
}) => {
  test.setTimeout(240_000);
  const { panel, table: rows } = await openFeatures(page);
  const feature = await rows
    .getByRole("button", { name: /^Feature \d+$/ })
    .first()
    .innerText();

  // collections belong to the SAE, so that an earlier try may have left some
  const star = rows.getByRole("button", { name: `Bookmark feature ${feature}`, exact: true });
  if ((await star.getAttribute("aria-pressed")) !== "true") await star.click();
  await expect(star).toHaveAttribute("aria-pressed", "true");
  const name = `knee ${Date.now()}`;
  await panel.getByRole("button", { name: /^(Collect|In \d+ collections?)$/ }).click();
  await page.getByRole("textbox", { name: "Name of a new collection" }).fill(name);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("checkbox", { name })).toBeChecked();
  await page.keyboard.press("Escape");
  await panel.getByText("Collections", { exact: true }).click();
  for (const collection of ["bookmarks", name])
    await expect(
      panel
        .getByRole("region", { name: `Collection ${collection}` })
        .getByRole("button", { name: `Feature ${feature}`, exact: true }),
    ).toBeVisible();

  await page.getByRole("button", { name: "Link and saved views" }).click();
  await page.getByRole("textbox", { name: "Name of this view" }).fill(`view of ${name}`);
  await page.getByRole("button", { name: "Save view" }).click();
  await expect(page.getByRole("list", { name: "Saved views" }).getByText(`view of ${name}`)).toBeVisible();
  await page.keyboard.press("Escape");
  await openPage(page, "SAE");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "What to do" }).fill(`view of ${name}`);
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("region", { name: `Collection ${name}` })).toBeVisible();

  // put away again: other tests picture the start page and the table
  const region = panel.getByRole("region", { name: `Collection ${name}` });
  await region.getByRole("button", { name: `Delete ${name}` }).click();
  await expect(region).toHaveCount(0);
  await panel
    .getByRole("button", { name: `Bookmark feature ${feature}`, exact: true })
    .first()
    .click();
  const { views } = (await (await page.request.get("/views")).json()) as { views: { id: string }[] };
  for (const { id } of views) expect((await page.request.delete(`/view/${id}`)).ok()).toBe(true);
});
