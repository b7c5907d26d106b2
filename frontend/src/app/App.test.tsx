import { screen, waitFor, within } from "@testing-library/react";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { makeWorld } from "@/testing/render";
import { server } from "@/testing/server";

import { App } from "./App";

const openAt = (address: string) => {
  window.history.replaceState(null, "", address);
  render(<App />);
  return userEvent.setup();
};
const panel = async (name: string) => within(await screen.findByRole("region", { name }));

beforeEach(() => void makeWorld());

test("the five steps, one after the other", async () => {
  const user = openAt("/");
  await user.click(await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" }));

  const sae = await panel("Load SAE");
  expect(await sae.findByText("No SAE yet")).toBeVisible();
  expect((await panel("Interpret")).getByText("Waiting for an SAE")).toBeVisible();
  expect((await panel("Perturb")).getByText("Needs an SAE")).toBeVisible();
  await user.click(sae.getByRole("button", { name: "Load SAE" }));
  expect(await sae.findByText(/rebuilds 99\.58 % of the variance at tap 3/)).toBeVisible();

  const interpret = await panel("Interpret");
  const rows = await interpret.findAllByRole("button", { name: /^Feature \d+$/ });
  expect(rows).toHaveLength(10);
  await user.click(rows[0]!);
  const feature = rows[0]!.textContent;

  const perturb = await panel("Perturb");
  expect(perturb.getByRole("combobox", { name: "Feature" })).toHaveValue(`Feature ${feature}`);
  const alpha = perturb.getByRole("textbox", { name: /alpha/ });
  await user.clear(alpha);
  await user.type(alpha, "-3");
  await user.click(perturb.getByRole("button", { name: "Apply Feature Perturbation" }));
  expect(await perturb.findByText(/Stored for the next run/)).toHaveTextContent(
    `α = −3 on feature ${feature}`,
  );

  await user.click((await panel("Run")).getByRole("button", { name: "Run Model" }));
  const compare = await panel("Compare");
  expect(await compare.findByText("Every episode")).toBeVisible();
  expect(compare.getAllByText(/95 % interval/).length).toBeGreaterThan(0);
  expect(window.location.search).toMatch(/run=r_/);
});

test("a model that is gone says so and leads back", async () => {
  const user = openAt("/?model=m_gone");
  expect(await screen.findByText("There is no model m_gone. It may have been deleted.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Choose another model" }));
  expect(await screen.findByRole("heading", { name: "Upload" })).toBeVisible();
});

test("a protected server asks for its token, and the page goes on once it has one", async () => {
  const refuse = ({ request }: { request: Request }) =>
    request.headers.get("Authorization") === "Bearer right"
      ? undefined
      : HttpResponse.json(
          { error: { code: "unauthorized", message: "A token is needed." } },
          { status: 401 },
        );
  server.use(http.get("*", refuse));
  const user = openAt("/");
  await user.type(await screen.findByLabelText("Token"), "wrong");
  await user.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByText("The server did not accept the last token.")).toBeVisible();
  await user.type(screen.getByLabelText("Token"), "right");
  await user.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" })).toBeVisible();
});

test("the header knows which step comes next", async () => {
  const user = openAt("/");
  await user.click(await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" }));
  const steps = within(screen.getByRole("navigation", { name: "Steps" }));
  await waitFor(() => expect(steps.getByText("Load SAE")).toHaveAttribute("aria-current", "step"));
  expect(steps.getByText("Upload")).toHaveTextContent("Upload (done)");
  await user.click((await panel("Load SAE")).getByRole("button", { name: "Load SAE" }));
  await waitFor(() => expect(steps.getByText("Perturb")).toHaveAttribute("aria-current", "step"));
});

test("the pages of a model open by click, by digit and by command, each at its own address", async () => {
  const user = openAt("/");
  await user.click(await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" }));
  await user.click(await (await panel("Load SAE")).findByRole("button", { name: "Load SAE" }));
  await (await panel("Load SAE")).findByText(/rebuilds 99\.58/);
  const pages = within(screen.getByRole("navigation", { name: "Pages of the model" }));
  await user.click(pages.getByRole("button", { name: "SAE" }));
  expect(await panel("SAE report card")).toBeDefined();
  expect(window.location.search).toContain("screen=sae");

  await user.keyboard("4");
  expect(await panel("Effects you can believe")).toBeDefined();
  expect(pages.getByRole("button", { name: "Effects" })).toHaveAttribute("aria-current", "page");

  await user.keyboard("{Control>}k{/Control}");
  const what = await screen.findByRole("combobox", { name: "What to do" });
  await user.type(what, "17");
  expect(screen.getByRole("option", { name: /Feature 17/ })).toHaveAttribute("aria-selected", "true");
  await user.keyboard("{Enter}");
  expect(await panel("Features")).toBeDefined();
  expect(window.location.search).toMatch(/feature=17/);

  await user.keyboard("1");
  expect(await panel("Interpret")).toBeDefined();
  expect(window.location.search).not.toContain("screen");
});

test("digits that are typed into a field are text", async () => {
  const user = openAt("/");
  await user.click(await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" }));
  await user.type((await panel("Run")).getByLabelText("Episodes"), "2");
  expect(window.location.search).not.toContain("screen");
});

test("the tour opens a demo, frames each step and ends when asked", async () => {
  const user = openAt("/");
  await user.click(await screen.findByRole("button", { name: /^Take the tour/ }));
  const card = within(await screen.findByRole("complementary", { name: "Tour" }));
  expect(card.getByRole("status")).toHaveTextContent("1 of 6");
  await user.click(card.getByRole("button", { name: "Next" }));
  const second = within(await screen.findByRole("complementary", { name: "Tour" }));
  expect(second.getByRole("status")).toHaveTextContent("2 of 6: Load SAE");
  await waitFor(() => expect(document.getElementById("load-sae")).toHaveAttribute("data-tour", "here"));
  await user.click(second.getByRole("button", { name: "End the tour" }));
  expect(screen.queryByRole("complementary", { name: "Tour" })).toBeNull();
  expect(document.getElementById("load-sae")).not.toHaveAttribute("data-tour");
});

test("? lists the keys", async () => {
  const user = openAt("/");
  await screen.findByRole("button", { name: "Open demo Walker2d, 32 units" });
  await user.keyboard("?");
  const sheet = within(await screen.findByRole("dialog", { name: "Keyboard" }));
  expect(sheet.getByText("Play, pause")).toBeVisible();
});
