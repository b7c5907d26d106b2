// Pictures of every screen on data made here: small runs of the demo model, with the clock and every date fixed.
import type { APIResponse, Locator, Page } from "@playwright/test";

import { checkAccessibility, expect, openPage, test } from "./support";

const ENV = "Walker2d-v5";
const MADE = "2026-01-01T12:00:00Z";
const NOW = new Date("2026-01-01T12:05:00Z");
/** What the test of the feature table notes down; notes belong to the SAE, so they are met again here. */
const NOTED = '"my brake"';
const TOP_FEATURE = { target_dim: 0, top_k: 1 };

interface Made {
  model: string;
  feature: number;
  run: string;
  study: string;
}

const read = async <T>(answer: Promise<APIResponse>) => {
  const reply = await answer;
  expect(reply.ok(), await reply.text()).toBe(true);
  return (await reply.json()) as T;
};

/** One model with everything that a screen can show, each piece as small as its screen allows. */
async function make({ request }: Page): Promise<Made> {
  const post = <T>(path: string, data: object = {}) => read<T>(request.post(path, { data }));
  const finish = async (path: string, data: object = {}) => {
    const { job_id, run_id } = await post<{ job_id: string | null; run_id?: string }>(path, data);
    if (job_id)
      await expect
        .poll(async () => (await read<{ state: string }>(request.get(`/job/${job_id}`))).state, {
          timeout: 120_000,
          intervals: [500],
        })
        .toBe("done");
    return run_id ?? "";
  };
  const { id: model } = await post<{ id: string }>("/demo/walker2d");
  const of = (rest: string) => `/model/${model}/${rest}`;
  await post(of("load_sae"), { artifacts_dir: "walker2d_w32", tap_index: 4 });
  const top = await post<{ features: { feature_idx: number }[] }>(of("interpret_features"), TOP_FEATURE);
  const feature = top.features[0]?.feature_idx ?? 0;
  await post(of("sae_perturb"), { feature_idx: feature, alpha: 3 });
  const short = { env: ENV, episodes: 8, max_steps: 60 };
  const run = await finish(of("run"), short);
  await finish(of("report"), { ...short, episodes: 2 });
  const doses = { feature_idx: feature, doses: [0.05], random_directions: 2 };
  const study = await finish(of("dose_response"), { ...short, ...doses, episodes: 6 });
  await finish(of("analyse"));
  await finish(of("clusters"));
  return { model, feature, run, study };
}

/** Only what was made here is listed, notes of other tests are left out, and everything was made at one time. */
async function settle(page: Page, { model, run, study }: Made) {
  const own = new Set<unknown>([run, study]);
  await page.clock.setFixedTime(NOW);
  await page.route(/\/(models|runs|jobs|model\/|run\/|job\/|sweeps)/, async (route) => {
    const reply = await route.fetch({ maxRetries: 3 });
    if (!reply.headers()["content-type"]?.includes("json")) return route.fulfill({ response: reply });
    const text = (await reply.text())
      .replace(/"20\d\d-\d\d-\d\dT[^"]+"/g, `"${MADE}"`)
      .replaceAll(NOTED, "null");
    const body = JSON.parse(text) as Record<string, unknown>;
    const path = new URL(route.request().url()).pathname;
    const keep = (key: string, wanted: (row: Record<string, unknown>) => boolean) => {
      if (Array.isArray(body[key])) body[key] = (body[key] as Record<string, unknown>[]).filter(wanted);
    };
    if (path === "/models") keep("models", ({ id }) => id === model);
    if (path === "/runs") keep("runs", ({ id }) => own.has(id));
    if (path === "/jobs")
      keep("jobs", ({ result }) => own.has((result as { run_id?: string } | null)?.run_id));
    return route.fulfill({ response: reply, json: body });
  });
}

type Look = "light-1280" | "light-1920" | "dark-1280";
const ALL: Look[] = ["light-1280", "light-1920", "dark-1280"];
const WIDTHS: Look[] = ["light-1280", "light-1920"];

/** Bodies are drawn by the machine's own renderer, and ids are new each time. */
const varying = (page: Page) => page.locator("#live canvas, #compare canvas, article canvas, code");

/** Stand-ins within the window; what waits further down is loaded when it is scrolled to. */
const loadingInSight = () =>
  [...document.querySelectorAll("main .mantine-Skeleton-root")].filter((each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  }).length;

async function picture(page: Page, name: string, looks: Look[], before?: () => Promise<void>) {
  for (const look of looks) {
    const [scheme, width] = look.split("-") as ["light" | "dark", string];
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: Number(width), height: 900 });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", scheme);
    await before?.();
    await expect.poll(() => page.evaluate(loadingInSight)).toBe(0);
    await expect(page).toHaveScreenshot(`${name}-${look}.png`, {
      // one picture holds the network, a drawing of its own that takes up most of a file
      mask: look === "light-1280" ? [varying(page)] : [varying(page), page.locator("#network canvas")],
      maskColor: "#888888",
      maxDiffPixelRatio: 0.015,
      animations: "disabled",
    });
  }
}

const toTop = (section: Locator) => () => section.evaluate((element) => element.scrollIntoView());

test("every screen looks as it did", async ({ page }) => {
  test.setTimeout(400_000);
  const made = await make(page);
  await settle(page, made);
  const { model, feature, run, study } = made;
  const open = (view: Record<string, string | number>) =>
    page.goto(`/?${new URLSearchParams(Object.entries(view).map(([key, value]) => [key, String(value)]))}`);

  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Recent runs" })).toBeVisible();
  await picture(page, "home", ALL);

  await open({ model, feature, run });
  await expect(page.locator("#interpret tbody tr")).toHaveCount(10);
  await expect(page.locator("#compare").getByText(/8 seeds from 0, at most 60 steps/)).toBeVisible();
  await picture(page, "workbench", ALL, () => page.evaluate(() => window.scrollTo(0, 0)));
  await picture(page, "compare", WIDTHS, toTop(page.locator("#compare")));

  await openPage(page, "SAE");
  await expect(page.getByRole("row", { name: /^Mean of the activations/ })).toBeVisible();
  await picture(page, "sae", WIDTHS);

  await open({ model, feature, screen: "features" });
  await expect(page.getByRole("img", { name: /Histogram of the activation/ })).toBeVisible();
  await picture(page, "features", ALL);
  await page.locator("#features").getByText("Clusters", { exact: true }).click();
  await expect(page.getByRole("button", { name: /^Steer cluster 0/ })).toBeVisible();
  await picture(page, "clusters", ["light-1280"]);

  await open({ model, feature, screen: "effects", study });
  await expect(page.locator("#effects p").getByText(/^Feature \d+ on speed, 6 seeds/)).toBeVisible();
  await picture(page, "effects", ALL);
  await page.getByText("Scan all features", { exact: true }).click();
  await expect(page.getByText("Not measured yet")).toBeVisible();
  await picture(page, "effects-empty", ["light-1920"]);
  await checkAccessibility(page);

  await open({ model, feature, screen: "live" });
  await expect(page.locator("#live").getByRole("button", { name: "Start", exact: true })).toBeEnabled({
    timeout: 60_000,
  });
  await picture(page, "live", WIDTHS);

  await openPage(page, "Train");
  await expect(page.getByRole("button", { name: /^Train \d+ SAEs/ })).toBeVisible();
  await picture(page, "train", WIDTHS);

  await page.getByRole("button", { name: "Jobs" }).click();
  await expect(page.getByRole("dialog", { name: "Jobs" }).getByText("Recent")).toBeVisible();
  await picture(page, "jobs", ["light-1280"]);
  await checkAccessibility(page);
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "What to do" }).fill("eff");
  await picture(page, "palette", ["light-1280"]);
  await checkAccessibility(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await picture(page, "keys", ["dark-1280"]);
  await checkAccessibility(page);
});
