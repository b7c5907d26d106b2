import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { paintedBy } from "@/lib/picture";
import { renderWithTheme } from "@/testing/render";

import { Saveable } from "./Saveable";

function catchDownload() {
  const saved: { name: string; blob: Blob }[] = [];
  let last: Blob | undefined;
  vi.stubGlobal(
    "URL",
    Object.assign(URL, {
      createObjectURL: (blob: Blob) => ((last = blob), "blob:x"),
      revokeObjectURL: () => undefined,
    }),
  );
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    if (last) saved.push({ name: this.download, blob: last });
  });
  return saved;
}

test("a drawing is saved with its styles, its title and the address it came from", async () => {
  const saved = catchDownload();
  renderWithTheme(
    <Saveable title="Dose-response of feature 23" as="drawing">
      <svg width={40} height={20}>
        <path className="line" style={{ stroke: "rgb(1, 2, 3)" }} d="M0 0L4 4" />
      </svg>
    </Saveable>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Save as SVG" }));
  await waitFor(() => expect(saved).toHaveLength(1));
  expect(saved[0]!.name).toBe("dose-response-of-feature-23.svg");
  const text = await saved[0]!.blob.text();
  expect(text).toContain("<title>Dose-response of feature 23</title>");
  expect(text).toContain(`<desc>${window.location.href}`);
  expect(text).toMatch(/<path style="[^"]*stroke: rgb\(1, 2, 3\)/);
  expect(text).not.toContain("class=");
});

test("what is not drawn yet is said, not saved as an empty file", async () => {
  const saved = catchDownload();
  renderWithTheme(
    <Saveable title="Nothing" as="table">
      <p>Reading</p>
    </Saveable>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Save as CSV" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("There is nothing drawn yet to save.");
  expect(saved).toEqual([]);
});

test("a sketch on a canvas is saved as lines and as pixels, each drawn at that moment with the legend of that moment", async () => {
  const saved = catchDownload();
  let step = 0;
  const legend = () => ({ heads: [{ text: "baseline", color: "grey" }], caption: `step ${String(step)}` });
  renderWithTheme(
    <Saveable title="Sketch" as="sketch" legend={legend}>
      <canvas
        ref={(canvas) => {
          if (canvas) paintedBy(canvas, { vector: (plane) => plane.fillRect(0, 0, step, 1) });
        }}
      />
    </Saveable>,
  );
  step = 7;
  await userEvent.click(screen.getByRole("button", { name: "Save as SVG" }));
  await waitFor(() => expect(saved).toHaveLength(1));
  const text = await saved[0]!.blob.text();
  expect(text).toContain(">step 7</text>");
  expect(text).toContain('width="7" height="1"');
  await userEvent.click(screen.getByRole("button", { name: "Save as PNG" })); // no canvas to draw on here
  expect(await screen.findByRole("alert")).toHaveTextContent("The browser could not draw the picture.");
});
