import { expect, test } from "vitest";

import { glossary } from "./glossary";

const sources = import.meta.glob<string>(
  ["../**/*.{ts,tsx}", "!../**/*.test.*", "!./glossary*", "!./api-types.ts"],
  {
    query: "?raw",
    import: "default",
    eager: true,
  },
);
const text = Object.values(sources).join("\n");

test("every term that is explained stands somewhere on a page", () => {
  const unused = Object.keys(glossary).filter((term) => !text.includes(`"${term}"`));
  expect(unused).toEqual([]);
});

test("the words that a newcomer meets are explained", () => {
  const titles = Object.values(glossary).map(({ title }) => title.toLowerCase());
  for (const word of [
    "tap",
    "latent",
    "decoder direction",
    "fvu",
    "ridge",
    "return recovered",
    "δₐ",
    "iqm",
    "sae",
    "l0",
    "density",
    "paired difference",
  ])
    expect(
      titles.some((title) => title.includes(word)),
      word,
    ).toBe(true);
});

test("each entry says something in whole sentences", () => {
  for (const { title, text: sentence } of Object.values(glossary))
    expect(sentence, title).toMatch(/^\S.*[.?]$/s);
});
