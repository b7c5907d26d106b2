import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { describe, expect, it } from "vitest";

import type { Acting } from "@/lib/types";
import { fail } from "@/testing/mock/reply";
import { renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { changeOf, listed } from "./acting";
import ActingForm from "./ActingForm";

const now = {
  squash: "none",
  action_scaling: "box",
  action_low: null,
  action_high: null,
  observation: null,
} as const;
const acting: Acting = { ...now, corrected: false, uploaded: now, obs_dim: 3, act_dim: 1 };

function serve() {
  const asked: unknown[] = [];
  let state: Acting = acting;
  server.use(
    http.get("*/model/m_1/acting", () => HttpResponse.json(state)),
    http.patch("*/model/m_1/acting", async ({ request }) => {
      const body = (await request.json()) as Partial<Acting>;
      asked.push(body);
      state = { ...state, ...body, corrected: true };
      return HttpResponse.json(state);
    }),
    http.delete("*/model/m_1/acting", () => HttpResponse.json((state = acting))),
  );
  return asked;
}

describe("how a model acts", () => {
  it("shows what the file says, sends a correction, and takes it back", async () => {
    const user = userEvent.setup();
    const asked = serve();
    renderWithTheme(<ActingForm modelId="m_1" />);
    expect(await screen.findByText("Nothing is corrected.")).toBeVisible();
    await user.selectOptions(screen.getByLabelText("After the last layer"), "tanh");
    await user.selectOptions(screen.getByLabelText("Squashed actions are"), "range");
    await user.type(screen.getByLabelText("Lowest actions"), "-1");
    await user.type(screen.getByLabelText("Highest actions"), "0.5");
    await user.click(screen.getByRole("button", { name: "Correct" }));
    expect(await screen.findByText(/Corrected by hand/)).toBeVisible();
    expect(asked).toEqual([
      { squash: "tanh", action_scaling: "range", action_low: [-1], action_high: [0.5] },
    ]);
    await user.click(screen.getByRole("button", { name: "As the file says" }));
    expect(await screen.findByText("Nothing is corrected.")).toBeVisible();
  });

  it("error: the server's sentence", async () => {
    server.use(http.get("*/model/m_1/acting", () => fail(503, "The database is locked.")));
    renderWithTheme(<ActingForm modelId="m_1" />);
    expect(await screen.findByRole("alert")).toHaveTextContent("The database is locked.");
  });

  it("reads lists of numbers and shows long ones short", () => {
    const draft = { squash: "clip", scaling: "range", low: "-1, 2", high: "0 3;" } as const;
    expect(changeOf(draft)).toMatchObject({ action_low: [-1, 2], action_high: [0, 3] });
    expect(changeOf({ ...draft, scaling: "box" })).toEqual({ squash: "clip", action_scaling: "box" });
    expect(listed([1, 2, 3], 2)).toBe("1.00, 2.00 … (3)");
    expect(listed(null)).toBe("");
  });
});
