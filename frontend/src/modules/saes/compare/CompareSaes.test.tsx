import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { fail } from "@/testing/mock/reply";
import { SAE } from "@/testing/mock/models";
import { makeWorld, renderAt } from "@/testing/render";
import { server } from "@/testing/server";

import { CompareSaes } from "./CompareSaes";

const OTHER = { ...SAE, id: "s_other", artifacts_dir: "upload: other.pt", fvu: 0.02 };
const side = (id: string, fvu: number) => ({
  id,
  artifacts_dir: id,
  tap_index: 4,
  d_latent: 128,
  k: 16,
  fvu,
  action_fvu: fvu,
  feedback_fvu: 0.2,
  l0: 16,
  dead: 3,
  return_recovered: null,
});
const match = (feature: number, cosine: number, same: boolean) => ({
  feature,
  partner: feature + 1,
  cosine,
  correlation: 0.9,
  same,
});
const matching = {
  mmcs: 0.8,
  pw_mcc: 0.75,
  activation_mcc: 0.6,
  chance_cosine: 0.912,
  nulls: [
    { name: "random directions", mmcs: 0.4, pw_mcc: 0.42, corrected_pw_mcc: 0.57 },
    { name: "data points", mmcs: 0.8, pw_mcc: 0.7, corrected_pw_mcc: 0.17 },
  ],
  matches: [match(7, 0.99, true), match(4, 0.95, false), match(2, 0.5, false)],
  only_first: [2],
  only_second: [],
};

function open(saes: unknown[], compared?: object, address = "/") {
  const { model } = makeWorld().addWalker();
  server.use(
    http.get("*/model/:id/saes", () => HttpResponse.json({ saes, active: SAE.id })),
    http.get("*/model/:id/saes/compare", () =>
      compared ? HttpResponse.json(compared) : fail(400, "Need SAE + cached data: there are none."),
    ),
  );
  return renderAt(address, () => <CompareSaes model={model} />);
}

test("one SAE is in use, and the page says what a second would bring", async () => {
  open([SAE]);
  expect(await screen.findByText("in use")).toBeVisible();
  expect(screen.getByText(/With a second SAE of this model/)).toBeVisible();
});

test("two stand side by side, with what they share beyond chance; a pair leads to its feature", async () => {
  const router = open([SAE, OTHER], { states: 9000, saes: [side("a", 0.001), side("b", 0.02)], matching });
  const shared = within(await screen.findByRole("region", { name: "Shared features" }));
  expect(shared.getByText("1 of 3 pairs")).toBeVisible();
  expect(shared.getByText(/decoder cosine above 0\.912/)).toHaveTextContent("data points reach 0.70");
  expect(
    shared.getByText(/Without a counterpart: 1 feature of the one in use, 0 of the other/),
  ).toBeVisible();
  const verdicts = ["7 8 0.990 0.90 the same", "4 5 0.950 0.90 the direction only", "2 3 0.500 0.90 no more"];
  for (const said of verdicts) expect(shared.getByRole("row", { name: new RegExp(said) })).toBeVisible();
  const row = screen.getByRole("row", { name: /^Return recovered/ });
  expect(within(row).getAllByText("not measured")).toHaveLength(2);
  await userEvent.click(shared.getByRole("button", { name: "Feature 7" }));
  expect(router.state.location.search).toMatchObject({ screen: "features", feature: 7 });
});

test("other taps are not matched; a refusal is the server's sentence", async () => {
  open([SAE, OTHER], { states: 9000, saes: [side("a", 0.001), side("b", 0.02)], matching: null });
  expect(await screen.findByText(/They read different taps/)).toBeVisible();
});

test("which one it is compared with stands in the address", async () => {
  const third = { ...OTHER, id: "s_third", artifacts_dir: "third" };
  const compared = { states: 9000, saes: [side("a", 0.001), side("b", 0.02)], matching: null };
  const router = open([SAE, OTHER, third], compared, "/?against=s_third");
  const choice = await screen.findByRole("combobox", { name: "Compare the one in use with" });
  expect(choice).toHaveValue("third, tap 3, s_third");
  await userEvent.click(choice);
  await userEvent.click(screen.getByRole("option", { name: /^upload: other.pt/ }));
  expect(router.state.location.search).toMatchObject({ against: "s_other" });
});

test("what cannot be compared says why", async () => {
  open([SAE, OTHER]);
  expect(await screen.findByRole("alert")).toHaveTextContent("Need SAE + cached data: there are none.");
});
