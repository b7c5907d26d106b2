import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { ApiError, unreachable } from "@/lib/errors";
import { renderWithTheme } from "@/testing/render";

import { PlanLine } from "./PlanLine";

test.each([
  [
    new ApiError("k is 200; with 64 latents 1 to 64 are allowed.", "invalid_input", 422),
    "This cannot be trained",
  ],
  [unreachable(), "What this would train is not known"],
])("what the server refuses is told from a server that does not answer", (error, title) => {
  renderWithTheme(<PlanLine plan={undefined} error={error} onRetry={() => undefined} />);
  expect(screen.getByRole("alert")).toHaveTextContent(title);
  expect(screen.getByRole("alert")).toHaveTextContent(error.message);
});
