import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test, vi } from "vitest";

import type { TableView } from "@/lib/table-view";
import FeaturesPanel from "@/modules/features/explore/FeaturesPanel";
import { SAE } from "@/testing/mock/models";
import { makeWorld, renderAt } from "@/testing/render";

const user = userEvent.setup({ delay: null });

function open(start: TableView = {}) {
  const world = makeWorld();
  const { model } = world.addWalker("walker", { sae: SAE });
  function Harness() {
    const [view, setView] = useState(start);
    const [feature, setFeature] = useState<number>();
    const props = { alpha: undefined, model, view, onView: setView, feature, onFeature: setFeature };
    return (
      <>
        <FeaturesPanel {...props} onStored={vi.fn()} />
        <output>{JSON.stringify(view)}</output>
      </>
    );
  }
  return renderAt("/", () => <Harness />);
}

/** In the table: the page of the feature has another. */
const star = async (feature: number) =>
  (await screen.findAllByRole("button", { name: `Bookmark feature ${feature}` }))[0]!;

test("a star answers at once, and the key b is the star of the feature on screen", async () => {
  open();
  await screen.findByRole("button", { name: "Feature 11" });
  await user.click(await star(11));
  await waitFor(async () => expect(await star(11)).toHaveAttribute("aria-pressed", "true"));
  await user.click(screen.getByRole("button", { name: "Feature 11" }));
  await user.keyboard("b");
  await waitFor(async () => expect(await star(11)).toHaveAttribute("aria-pressed", "false"));
});

test("a feature is put into a new collection from its page", async () => {
  open();
  await user.click(await screen.findByRole("button", { name: "Feature 11" }));
  await user.click(await screen.findByRole("button", { name: "Collect" }));
  await user.type(await screen.findByRole("textbox", { name: "Name of a new collection" }), "right knee");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByRole("checkbox", { name: "right knee" })).toBeChecked();
  expect(await screen.findByRole("button", { name: "In 1 collection" })).toBeVisible();
});

test("what was collected is noted and steered together", async () => {
  const router = open();
  await user.click(await screen.findByLabelText("Feature 45", { selector: "tr button" }));
  await user.click(await star(45));
  await waitFor(async () => expect(await star(45)).toHaveAttribute("aria-pressed", "true"));
  await user.click(await screen.findByRole("button", { name: "Collect" }));
  await user.type(await screen.findByRole("textbox", { name: "Name of a new collection" }), "knee");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByRole("checkbox", { name: "knee" })).toBeChecked();
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("radio", { name: "Collections" }));
  const card = within(await screen.findByRole("region", { name: "Collection knee" }));
  const note = card.getByRole("textbox", { name: "Note on feature 45" });
  await user.type(note, "brakes{Enter}");
  await user.click(screen.getByRole("radio", { name: "Table" }));
  await user.click(screen.getByRole("radio", { name: "Collections" }));
  const again = within(await screen.findByRole("region", { name: "Collection knee" }));
  expect(again.getByRole("textbox", { name: "Note on feature 45" })).toHaveValue("brakes");
  expect(screen.getByRole("region", { name: "Collection bookmarks" })).toHaveTextContent("1 feature");
  await user.click(again.getByRole("button", { name: "Steer all" }));
  await waitFor(() => expect(router.state.location.search).toMatchObject({ steer: [45], feature: 45 }));
  expect(router.state.location.search).not.toHaveProperty("screen", "features");
});

test("a deleted collection comes back with its notes", async () => {
  open({ show: "collections" });
  await user.type(await screen.findByRole("textbox", { name: "Name of a new collection" }), "stance");
  await user.click(screen.getByRole("button", { name: "Begin collection" }));
  const card = await screen.findByRole("region", { name: "Collection stance" });
  await user.click(within(card).getByRole("button", { name: "Delete stance" }));
  await waitFor(() => expect(screen.queryByRole("region", { name: "Collection stance" })).toBeNull());
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(await screen.findByRole("region", { name: "Collection stance" })).toBeVisible();
});
