import { screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { makeJob } from "@/testing/mock/jobs";
import { renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { JobProgress } from "./JobProgress";
import { useJob } from "./use-job";

const JOB = {
  ...makeJob("j_1", "running"),
  progress: { done: 225_038, total: 600_000, unit: "steps", message: "", metrics: {} },
};

function Followed() {
  const { data } = useJob("j_1");
  return data ? <JobProgress job={data} /> : null;
}

test("a server that went away in mid-run is said, with what was last known, until it answers again", async () => {
  let gone = false;
  server.use(
    http.get("*/job/j_1", () => (gone ? HttpResponse.error() : HttpResponse.json(JOB))),
    http.get("*/job/j_1/events", () => HttpResponse.error()),
  );
  renderWithTheme(<Followed />);
  expect(await screen.findByRole("status")).toHaveTextContent(/^Running 225,038 of 600,000 steps/);
  gone = true;
  expect(await screen.findByText(/^The server does not answer/, {}, { timeout: 8000 })).toHaveTextContent(
    "Last known: 225,038 of 600,000 steps.",
  );
  gone = false;
  expect(await screen.findByText(/^Running/, {}, { timeout: 8000 })).toBeVisible();
});
