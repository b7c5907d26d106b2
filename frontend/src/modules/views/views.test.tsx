import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { parseView } from "@/lib/view";
import { makeWorld, renderWithTheme } from "@/testing/render";

import { addressOf, queryOf } from "./api";
import SharePanel from "./SharePanel";

const user = userEvent.setup();

test("a link says which SAE its features are of", () => {
  const location = { href: "http://localhost/?model=m_1&feature=7" } as Location;
  const address = addressOf(location, { sae: { id: "s_9" } as never });
  expect(queryOf(address)).toBe("?model=m_1&feature=7&sae=s_9");
  expect(queryOf(addressOf(location, undefined))).toBe("?model=m_1&feature=7");
});

test("features to steer are read from an address, and nothing else is", () => {
  expect(parseView({ steer: [3, "4", -1, 2.5, "x"] }).steer).toEqual([3, 4]);
  expect(parseView({ steer: "3" }).steer).toBeUndefined();
  expect(parseView({ table: { show: "collections", collection: "c_1" } }).table).toMatchObject({
    show: "collections",
    collection: "c_1",
  });
});

test("a view is named, opened, renamed, deleted and brought back", async () => {
  makeWorld();
  const onOpen = vi.fn();
  renderWithTheme(<SharePanel model={undefined} onOpen={onOpen} />);
  await user.type(screen.getByRole("textbox", { name: "Name of this view" }), "the knee");
  await user.click(screen.getByRole("button", { name: "Save view" }));
  const list = await screen.findByRole("list", { name: "Saved views" });
  await user.click(await within(list).findByRole("button", { name: /^the knee/ }));
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ name: "the knee" }));
  await user.click(within(list).getByRole("button", { name: "Rename the knee" }));
  await user.type(within(list).getByRole("textbox"), " again{Enter}");
  await user.click(await within(list).findByRole("button", { name: "Delete the knee again" }));
  await waitFor(() => expect(within(list).queryByRole("listitem")).toBeNull());
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(await within(list).findByRole("button", { name: /^the knee again/ })).toBeVisible();
});
