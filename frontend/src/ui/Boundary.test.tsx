import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test, vi } from "vitest";

import { renderWithTheme } from "@/testing/render";
import { server } from "@/testing/server";

import { Boundary } from "./Boundary";

function Broken({ message }: { message: string }): never {
  throw new Error(message);
}

afterEach(() => vi.restoreAllMocks());

function show(message: string) {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // React reports what the boundary caught
  renderWithTheme(
    <>
      <p>the rest</p>
      <Boundary title="This page could not be opened">
        <Broken message={message} />
      </Boundary>
    </>,
  );
}

test("a part that breaks says so, and the rest of the page stays", () => {
  show("Cannot read what is not there.");
  expect(screen.getByRole("alert")).toHaveTextContent(
    "This page could not be openedCannot read what is not there.",
  );
  expect(screen.getByText("the rest")).toBeVisible();
});

test("a part that could not be fetched: the server is asked before the page is loaded again", async () => {
  const asked = vi.fn();
  server.use(
    http.get("*/healthz", () => {
      asked();
      return HttpResponse.error();
    }),
  );
  show("Failed to fetch dynamically imported module: http://127.0.0.1:5000/assets/LivePage.js");
  expect(screen.getByRole("alert")).toHaveTextContent("The server did not answer. Check that it is running");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce());
  expect(screen.getByRole("alert")).toBeVisible();
});
