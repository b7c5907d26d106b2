import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";

import type { Browser, Locator, Page } from "@playwright/test";

import type { Dashboard, TablePage } from "../src/lib/types";

import { expect, loadSae, note, openPage, test } from "./support";

const FEATURES = 16_384;
const PAINT_MS = 1000;
const TASK_MS = 200;

// A trace takes pictures and copies of the page while it scrolls: it would measure itself.
test.use({ trace: "off" });

/** By how much a machine with more work than processors stretches what the clock says; 1 on an idle one. */
const stretched = () => Math.max(1, (loadavg()[0] ?? 0) / cpus().length);

/** Tries again while the limit is missed: a busy machine can stretch any one pass. */
async function best(limit: number, passes: number, measure: () => Promise<number>, what: string) {
  const times: number[] = [];
  let allowed = limit;
  do {
    times.push(await measure());
    allowed = limit * stretched();
  } while (times.length < passes && Math.min(...times) > allowed);
  const found = times.map((time) => time.toFixed(0)).join(", ");
  note(`${what}: ${found} ms of ${allowed.toFixed(0)}`);
  expect(Math.min(...times), `${what}, in ms`).toBeLessThanOrEqual(allowed);
}

/** A page of the table as the server sends it, of an SAE with as many features: the recorded rows over and over. */
function wideTable(recorded: TablePage, query: URLSearchParams): TablePage {
  const [page, page_size] = [Number(query.get("page") ?? 1), Number(query.get("page_size") ?? 50)];
  const first = (page - 1) * page_size;
  const rows = Array.from({ length: Math.min(page_size, FEATURES - first) }, (_, at) => {
    const feature_idx = first + at;
    return { ...recorded.features[feature_idx % recorded.features.length]!, feature_idx };
  });
  return {
    ...recorded,
    features: rows,
    page,
    page_size,
    pages: Math.ceil(FEATURES / page_size),
    matching: FEATURES,
    d_latent: FEATURES,
  };
}

/** The browser is told of an analysis of 16,384 features; all else is the real server's. */
async function widen(page: Page) {
  const path = new URL("../src/testing/mock/recorded/features.json", import.meta.url);
  const recorded = JSON.parse(readFileSync(path, "utf8")) as { table: TablePage; dashboard: Dashboard };
  await page.route(/\/model\/[^/]+\/analysis$/, (route) =>
    route.fulfill({ json: { job_id: null, state: "done" } }),
  );
  await page.route(/\/model\/[^/]+\/features\?/, (route) =>
    route.fulfill({ json: wideTable(recorded.table, new URL(route.request().url()).searchParams) }),
  );
  await page.route(/\/model\/[^/]+\/feature\/\d+$/, (route) =>
    route.fulfill({ json: { ...recorded.dashboard, undrawn: "These rows were made for a test." } }),
  );
}

async function firstPaint(browser: Browser, baseURL: string): Promise<number> {
  const context = await browser.newContext({ baseURL });
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Open demo Walker2d" })).toBeVisible();
  const [paint] = await page.evaluate(() =>
    performance.getEntriesByName("first-contentful-paint").map((entry) => entry.startTime),
  );
  await context.close();
  expect(paint, "the browser painted something").toBeGreaterThan(0);
  return paint!;
}

test("the first content is painted within a second", async ({ browser, baseURL }) => {
  await best(PAINT_MS, 5, () => firstPaint(browser, baseURL!), "first contentful paint");
});

/** Turns the wheel from the top of the table to its end; the longest task of the page meanwhile, in ms. */
async function scrollThrough(page: Page, table: Locator): Promise<number> {
  await table.evaluate((box) => {
    box.scrollTop = 0;
  });
  await page.evaluate(() => {
    const seen = { longest: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: "longtask" });
    Object.assign(window, { seen });
  });
  await table.hover();
  const end = await table.evaluate((box) => box.scrollHeight - box.clientHeight);
  for (let turn = 0; turn < 80; turn++) await page.mouse.wheel(0, end / 60);
  await expect.poll(() => table.evaluate((box) => box.scrollTop)).toBeGreaterThan(end - 2);
  await expect(
    table.getByRole("button", { name: `Feature ${String(FEATURES - 1)}`, exact: true }),
  ).toBeVisible();
  return page.evaluate(() => (window as unknown as { seen: { longest: number } }).seen.longest);
}

test("no long task while 16,384 features are scrolled from the first to the last", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto("/");
  await page.getByRole("button", { name: "Open demo Walker2d" }).click();
  await loadSae(page, "walker2d_w32");
  await widen(page);
  await openPage(page, "Features");
  const table = page.locator("#features").getByRole("region", { name: /Table of features/ });
  await expect(table.getByRole("button", { name: "Feature 0", exact: true })).toBeVisible();
  expect(await table.locator("tbody tr").count(), "rows that exist").toBeLessThan(60);
  await best(TASK_MS, 3, () => scrollThrough(page, table), "longest task while scrolling");
  expect(await table.locator("tbody tr").count(), "rows that exist").toBeLessThan(60);
});
