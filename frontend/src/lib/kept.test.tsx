import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { forgetTyped, useKept } from "./kept";

const DEFAULTS = { seeds: 16 as number | string, env: null as string | null, parts: [{ id: 0, share: 1 }] };
const open = (model = "m_1", form = "run") => renderHook(() => useKept(model, form, DEFAULTS)).result;
const stored = (model = "m_1") => localStorage.getItem(`policyscope-typed:${model}`);

test("what was typed is there on the next visit, of this form and model only", () => {
  const form = open();
  act(() => form.current.change({ seeds: 5 }));
  act(() => form.current.change({ parts: [{ id: 0, share: 1 }, { id: 1, share: -2 }] })); // prettier-ignore
  expect(open().current.typed).toEqual({ seeds: 5, env: null, parts: [{ id: 0, share: 1 }, { id: 1, share: -2 }] }); // prettier-ignore
  expect(open("m_1", "scan").current.typed).toEqual(DEFAULTS);
  expect(open("m_2").current.typed).toEqual(DEFAULTS);
});

test("only what differs is kept, so that a default that changes later counts; back to the defaults leaves nothing", () => {
  const form = open();
  expect(form.current.reset).toBeUndefined();
  act(() => form.current.change({ seeds: 5, env: "Hopper-v5" }));
  act(() => form.current.change({ env: null }));
  expect(JSON.parse(stored() ?? "")).toEqual({ run: { seeds: 5 } });
  act(() => form.current.reset?.());
  expect(form.current.typed).toEqual(DEFAULTS);
  expect(form.current.reset).toBeUndefined();
  expect(stored()).toBeNull();
});

test("once it was sent it stays on screen, and the next visit begins anew; other forms keep theirs", () => {
  const [form, other] = [open(), open("m_1", "scan")];
  act(() => form.current.change({ seeds: 5 }));
  act(() => other.current.change({ seeds: 7 }));
  act(() => form.current.sent());
  expect(form.current.typed.seeds).toBe(5);
  expect(open().current.typed.seeds).toBe(16);
  expect(open("m_1", "scan").current.typed.seeds).toBe(7);
});

test("a deleted model's forms are forgotten", () => {
  const [form, other] = [open(), open("m_2")];
  act(() => form.current.change({ seeds: 5 }));
  act(() => other.current.change({ seeds: 6 }));
  forgetTyped("m_1");
  expect(open().current.typed.seeds).toBe(16);
  expect(open("m_2").current.typed.seeds).toBe(6);
});

test.each([
  ["no JSON", "{"],
  ["no object", "[1]"],
  ["no form", '{"run": 3}'],
  ["fields of another form", '{"run": {"seeds": [1], "parts": [], "colour": "red"}}'],
  ["a field of a list that lacks something", '{"run": {"parts": [{"id": 1}]}}'],
])("storage with %s is as if nothing had been typed", (_, text) => {
  localStorage.setItem("policyscope-typed:m_1", text);
  expect(open().current.typed).toEqual(DEFAULTS);
});

test("a storage that refuses only forgets", () => {
  const refused = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const form = open();
  act(() => form.current.change({ seeds: 5 }));
  expect(refused).toHaveBeenCalled();
  expect(form.current.typed.seeds).toBe(5);
  expect(open().current.typed.seeds).toBe(16);
});
