import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { build } from "vite";

import type {} from "./parity/main";
import { expect, test } from "./support";

const HERE = resolve(import.meta.dirname, "parity");
const SITE = "http://parity.test/";

let built: string;

test.beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), "parity-"));
  await build({
    configFile: resolve(HERE, "../../vite.config.ts"),
    root: HERE,
    base: "./",
    logLevel: "error",
    build: { outDir: built, emptyOutDir: true },
  });
});

test.afterAll(() => rm(built, { recursive: true, force: true }));

test("Chromium plays what the server played: open loop, feet on the floor, falls under a dose moved by hand", async ({
  page,
}) => {
  await page.route(`${SITE}**`, (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: join(built, pathname === "/" ? "index.html" : pathname) });
  });
  await page.goto(SITE);
  const found = await page.evaluate(() => window.measured);

  expect(found.open).toHaveLength(11);
  for (const { task, state, seen, return: paid, ends, allowed } of found.open) {
    expect(ends, task).toBe(true);
    expect(state, `${task}: state`).toBeLessThan(allowed.state);
    expect(seen, `${task}: observation`).toBeLessThan(allowed.seen);
    expect(paid, `${task}: return`).toBeLessThan(allowed.return);
  }
  expect(found.touching.filter(([here, there]) => here !== there)).toEqual([]);
  expect(found.foreseeable).toBeGreaterThanOrEqual(20);
  expect(found.same).toBeGreaterThanOrEqual(found.foreseeable - 1);
  expect(found.fresh).toBeGreaterThanOrEqual(14);
});
