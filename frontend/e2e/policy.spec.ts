import type { Browser, Page } from "@playwright/test";

import { expect, loadSae, openPage, test } from "./support";

declare global {
  interface Window {
    ran?: string[];
    violations?: string[];
  }
}

/** Collects what breaks the content security policy, before any script of the page. */
const watch = (page: Page) =>
  page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
      window.violations?.push(`${effectiveDirective} ${blockedURI}`),
    );
  });

const violations = (page: Page) => page.evaluate(() => window.violations);

/** Four ways in which a text that became a part of the page would run. */
const WAYS = 4;
async function inject(page: Page) {
  await page.evaluate(() => {
    window.ran = [];
    const inline = document.createElement("script");
    inline.textContent = "window.ran.push('inline script')";
    document.body.append(inline);
    const holder = document.createElement("div");
    holder.innerHTML = `<img src="data:," onerror="window.ran.push('handler')">`;
    document.body.append(holder);
    const link = document.createElement("a");
    link.href = "javascript:window.ran.push('address')";
    document.body.append(link);
    link.click();
    const written = document.createElement("script");
    written.src = "data:text/javascript,window.ran.push('data script')";
    document.body.append(written);
  });
  return () => page.evaluate(() => window.ran?.toSorted());
}

async function withoutPolicy(browser: Browser, address: string) {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(address);
  const ran = await inject(page);
  await expect.poll(async () => (await ran())?.length).toBe(WAYS);
  const all = await ran();
  await context.close();
  return all;
}

test("what is injected into a page does not run, and would without the policy", async ({
  page,
  browser,
  baseURL,
  complaints,
}) => {
  const response = await page.goto("/");
  const policy = response?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
  expect(policy).toContain("frame-ancestors 'none'");
  await expect(page.getByRole("button", { name: "Open demo Walker2d" })).toBeVisible();
  expect(complaints).toEqual([]);

  await watch(page);
  await page.reload();
  const ran = await inject(page);
  await page.waitForTimeout(500);
  expect(await ran()).toEqual([]);
  const refused = await violations(page);
  for (const directive of ["script-src-elem inline", "script-src-attr inline", "script-src-elem data"])
    expect(refused).toContain(directive);
  expect(await withoutPolicy(browser, baseURL ?? "")).toEqual([
    "address",
    "data script",
    "handler",
    "inline script",
  ]);
  expect(complaints.splice(0).length).toBeGreaterThanOrEqual(4);
});

test("a page sends nothing elsewhere, is framed by nobody, and evaluates no text", async ({
  page,
  complaints,
  baseURL,
}) => {
  await watch(page);
  await page.goto("/");
  const sent = await page.evaluate(async () => {
    const elsewhere = "http://127.0.0.1:9/";
    const failed = await fetch(elsewhere).then(
      () => false,
      () => true,
    );
    navigator.sendBeacon(elsewhere, "x");
    return failed;
  });
  expect(sent).toBe(true);
  const evaluated = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const worker = new Worker("data:text/javascript,postMessage(1)");
        worker.onerror = () => resolve("refused");
        worker.onmessage = () => resolve("ran");
      }),
  );
  expect(evaluated).toBe("refused");
  expect(await violations(page)).toEqual(
    expect.arrayContaining(["connect-src http://127.0.0.1:9/", "worker-src data"]),
  );
  expect(complaints.splice(0).length).toBeGreaterThan(0);

  await page.goto("about:blank");
  await page.setContent(`<iframe src="${baseURL ?? ""}"></iframe>`);
  await page.waitForTimeout(500);
  const inside = page.frames().find((frame) => frame !== page.mainFrame());
  expect(await inside?.locator("#root").count()).toBe(0);
  complaints.splice(0); // Chromium says which policy refused the frame
});

test("every page keeps to the policy, live steering with its WebAssembly included", async ({ page }) => {
  test.setTimeout(240_000);
  await watch(page);
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await loadSae(page, "walker2d_w32");
  await page.locator("#interpret tbody tr").first().click();
  for (const name of ["SAE", "Features", "Effects"] as const) {
    await openPage(page, name);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(await violations(page), name).toEqual([]);
  }
  await openPage(page, "Live");
  const start = page.locator("#live").getByRole("button", { name: "Start", exact: true });
  await expect(start).toBeEnabled({ timeout: 60_000 });
  await page.getByRole("slider", { name: /^α of feature/ }).press("Home");
  await start.click();
  await expect(page.locator('#live [data-arm="steered"]')).toContainText(/step [1-9]/);
  const sweep = page.locator("#live-sweep"); // simulates in a worker
  await sweep.getByRole("button", { name: "Preview" }).click();
  await expect(sweep.getByText(/rollouts in/)).toBeVisible({ timeout: 90_000 });
  expect(await violations(page)).toEqual([]);
});
