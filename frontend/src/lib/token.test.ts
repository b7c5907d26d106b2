import { beforeEach, expect, test, vi } from "vitest";

import { token } from "./token";

beforeEach(() => window.history.replaceState(null, "", "/"));
const adopt = (address: string) => {
  window.history.replaceState({ key: "kept" }, "", address);
  token.adopt(window.location, window.history);
};

test("the token in the fragment is stored, and leaves the address", () => {
  adopt("/?model=m_1#token=s%2Fcret");
  expect(token.read()).toBe("s/cret");
  expect(window.location.href).toMatch(/\/\?model=m_1$/);
  expect(window.history.state).toEqual({ key: "kept" });
});

test.each(["/", "/#compare", "/#token=", "/?token=secret"])("%s holds no token", (address) => {
  adopt(address);
  expect(token.read()).toBeNull();
  expect(window.location.href.endsWith(address)).toBe(true);
});

test("those who watch are told when a token is refused and when one is given", () => {
  const told = vi.fn(() => token.isNeeded());
  const stop = token.subscribe(told);
  token.refuse();
  token.save("x");
  stop();
  token.refuse();
  expect(told.mock.results.map((result) => result.value as boolean)).toEqual([true, false]);
});
