import { expect, test } from "vitest";

import { cellValue, field, tableCsv } from "./csv";

test.each([
  ["−1,234.5", -1234.5],
  ["+0.25", 0.25],
  ["2e-14", 2e-14],
  ["16", 16],
  ["99 %", "99 %"],
  ["exactly 0", "exactly 0"],
  ["–", "–"],
])("%s is written as %s", (shown, value) => {
  expect(cellValue(shown)).toBe(value);
});

test("a file's fields: quotes are doubled, formulas are defused, nothing is nothing", () => {
  expect(field('a "b", c')).toBe('"a ""b"", c"');
  expect(field("=1+1")).toBe("'=1+1");
  expect(field(-0.5)).toBe("-0.5");
  expect(field(null)).toBe("");
});

test("a table as it is shown: help and drawings left out, small print in a column of its own, spans kept", () => {
  document.body.innerHTML = `<table>
    <tr><th>Measure</th><th>Change <button aria-label="What is d_z?">?</button><small>95 % interval</small></th><th colspan="2">Falls</th></tr>
    <tr><th>Mean, "return"</th><td><b>−4,470.5</b><small>[−4,600, −4,300]</small></td><td>12 <svg><text>9</text></svg></td><td>=1</td></tr>
  </table>`;
  const table = document.querySelector("table");
  expect(table && tableCsv(table).split("\r\n")).toEqual([
    "Measure,Change,95 % interval,Falls,",
    `"Mean, ""return""",-4470.5,"[−4,600, −4,300]",12,'=1`,
    "",
  ]);
});
