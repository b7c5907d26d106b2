import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import * as upload from "@/lib/upload";
import { ApiError } from "@/lib/errors";
import type { ImportReport } from "@/lib/types";
import { renderWithTheme } from "@/testing/render";

import ImportBox, { hintOf } from "./ImportBox";

const counts = { new: 0, known: 0, kept: 0 };
const REPORT = {
  sentence: "Came in: 1 model.",
  models: [{ id: "m_2", name: "walker", new: true }],
  renamed: { m_1: "m_2" },
  analysing: ["m_2"],
  counts: { models: counts },
} as unknown as ImportReport;

/** Chooses a file; the answer is given by the test. */
async function choose() {
  let answer:
    | {
        done: (report: ImportReport) => void;
        fail: (error: Error) => void;
        sent: (sent: upload.Sent) => void;
      }
    | undefined;
  vi.spyOn(upload, "uploadFile").mockImplementation((_path, _file, sent) => {
    return new Promise<never>((done, fail) => (answer = { done: done as never, fail, sent }));
  });
  const onOpen = vi.fn();
  const { container } = renderWithTheme(<ImportBox onOpen={onOpen} />);
  const input = container.querySelector<HTMLInputElement>("#workspace-file");
  await userEvent.upload(input!, new File(["abc"], "w.zip", { type: "application/zip" }));
  await waitFor(() => expect(answer).toBeDefined());
  return { onOpen, answer: answer! };
}

test("how much is sent, that it is being checked, and what came in", async () => {
  const { onOpen, answer } = await choose();
  answer.sent({ bytes: 1024, of: 4096 });
  expect(await screen.findByText("Sent 1.0 KB of 4.0 KB")).toBeVisible();
  expect(screen.getByRole("progressbar", { name: "Share of the file sent" })).toHaveAttribute(
    "aria-valuenow",
    "25",
  );
  answer.sent({ bytes: 4096, of: 4096 });
  expect(await screen.findByText(/^All 4\.0 KB sent; every hash/)).toBeVisible();
  answer.done(REPORT);
  expect(await screen.findByText("Came in: 1 model.")).toBeVisible();
  expect(screen.getByText(/^1 model had features analysed/)).toBeVisible();
  expect(screen.queryByRole("progressbar")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Open walker" }));
  expect(onOpen).toHaveBeenCalledWith("m_2");
});

test("a refusal has the server's sentence and nothing is told as sent any more", async () => {
  const { answer } = await choose();
  answer.sent({ bytes: 1, of: 4 });
  answer.fail(new ApiError("w.zip is not a workspace.", "unsupported_file", 400));
  expect(await screen.findByRole("alert")).toHaveTextContent("w.zip is not a workspace.");
  expect(screen.queryByRole("progressbar")).toBeNull();
});

test("what the hint says before anything was sent", () => {
  expect(hintOf(false, null)).toMatch(/^Checked like an upload/);
  expect(hintOf(true, null)).toBe("Sending");
});
