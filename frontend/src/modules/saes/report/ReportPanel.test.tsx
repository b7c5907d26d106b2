import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { expect, test } from "vitest";

import type { Job, Report } from "@/lib/types";
import { RECORDED } from "@/testing/mock/effects-handlers";
import { SAE } from "@/testing/mock/models";
import { fail, json } from "@/testing/mock/reply";
import { makeWorld, renderAt, renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { levelOf, shortVerdict } from "./lines";
import ReportPanel from "./ReportPanel";

const user = userEvent.setup();
const { report } = RECORDED;
/** The verdict stands beside it and is not said twice. */
const SAYS = /^Acting through the SAE keeps 99\.8% of the return/;

function open(found?: Report, patch = {}) {
  const world = makeWorld();
  const { model } = world.addWalker("walker", { sae: SAE, ...patch });
  if (found) server.use(http.get("*/model/:id/reports", () => json({ reports: [found] })));
  renderAt("/", () => <ReportPanel model={model} />);
  return world;
}

test("without cached data it says what is needed, and leads there", async () => {
  open(undefined, { sae: { ...SAE, has_cached_data: false } });
  expect(await screen.findByText("Need SAE + cached data")).toBeVisible();
  expect(screen.getByRole("button", { name: "Load an SAE" })).toBeVisible();
});

test("no report yet is a state, not an error; the measurement is followed to its end", async () => {
  const world = open();
  expect(await screen.findByText("Not measured yet")).toBeVisible();
  world.jobs.set("j_1", {
    id: "j_1",
    kind: "report",
    state: "running",
    progress: { done: 1, total: 4, unit: "steps", message: "Playing", metrics: {} },
    error: null,
  } as unknown as Job);
  let asked: unknown;
  server.use(
    http.post("*/model/:id/report", async ({ request }) => {
      asked = await request.json();
      return json({ job_id: "j_1", state: "queued" }, 202);
    }),
  );
  await user.clear(screen.getByLabelText("Seeds"));
  await user.type(screen.getByLabelText("Seeds"), "4");
  expect(screen.getByText(/a preview, not inferential/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Measure the SAE" }));
  expect(await screen.findByRole("button", { name: "Cancel" })).toBeVisible();
  expect(asked).toEqual({ episodes: 4 });
  server.use(http.get("*/model/:id/reports", () => json({ reports: [report] })));
  world.jobs.get("j_1")!.state = "done";
  expect(await screen.findByText(SAYS)).toBeVisible();
});

test("the card: verdict, every reference line, survival, warnings", async () => {
  open(report);
  expect(await screen.findByText(SAYS)).toBeVisible();
  const [table] = screen.getAllByRole("table");
  const rows = within(table!).getAllByRole("row").slice(1);
  expect(rows).toHaveLength(report.lines.length);
  expect(rows[1]).toHaveTextContent(/^SAEfaithful99\.8 %/);
  expect(rows[5]).toHaveTextContent(/feedback is lost/);
  expect(screen.getByText(report.warnings[0]!)).toBeVisible();
  expect(screen.getByText(/no other SAE for this tap was attached/)).toBeVisible();
  const curves = screen.getByRole("img", { name: /Share of episodes not ended/ });
  curves.focus();
  await user.keyboard("{ArrowRight}");
  expect(screen.getByText("At step 100:")).toBeVisible();
});

test("a card that came in with a workspace says so, and what never fires on few samples is not called dead", async () => {
  open({
    ...report,
    imported_at: new Date(Date.now() - 7_200_000).toISOString(),
    sae: { ...report.sae, dead_conclusive: false },
  });
  expect(await screen.findByText(/came in with a workspace/)).toHaveTextContent(/workspace 2 h ago$/);
  expect(screen.getByText("silent here")).toBeVisible();
});

test("stability stands beside dictionaries without features", async () => {
  const stability = {
    saes: 2,
    mmcs: 0.8,
    pw_mcc: 0.7,
    activation_mcc: 0.6,
    stable_share: 0.25,
    badges: [],
    nulls: [{ name: "random unit directions", mmcs: 0.5, pw_mcc: 0.42, corrected_pw_mcc: 0.48 }],
  };
  open({ ...report, stability });
  const table = (await screen.findByText("random unit directions")).closest("tr");
  expect(table).toHaveTextContent("random unit directions0.420.500.48");
});

test("an error is the server's sentence, and can be tried again", async () => {
  const { model } = makeWorld().addWalker("walker", { sae: SAE });
  server.use(http.get("*/model/:id/reports", () => fail(500, "report.json is damaged.")));
  renderWithTheme(<ReportPanel model={model} />);
  expect(await screen.findByRole("alert")).toHaveTextContent("report.json is damaged.");
  server.use(http.get("*/model/:id/reports", () => json({ reports: [report] })));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.getByText(SAYS)).toBeVisible());
});

test("an SAE that fails in the closed loop is shown as failing", () => {
  const failing = { ...report, verdict: "open-loop only" };
  expect(levelOf(failing.verdict)).toBe("poor");
  expect(shortVerdict(failing)).toBe("Open-loop only: keeps 99.8\u00a0% of the return");
  expect(["faithful", "usable with caution", "cannot be measured"].map(levelOf)).toEqual([
    "good",
    "caution",
    "none",
  ]);
});
