import { act, renderHook, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import type { Session, Start } from "./session";
import { useStart } from "./use-start";

/** A session whose starts the test answers. */
function fake(midGait = true) {
  let start: Start | null = null;
  const session = {
    midGait,
    get: () => ({ start, playing: false, over: false }),
    pause: vi.fn(),
    play: vi.fn(),
    begin: vi.fn((next: Start) => (start = next)),
    prepare: vi.fn((kind: Start["kind"], seed: number): Promise<Start> =>
      Promise.resolve({ kind, seed, state: [] }),
    ),
    subscribe: () => () => undefined,
  };
  const open = () => renderHook(() => useStart(session as unknown as Session, "m_1"));
  return { session, open };
}

test("it begins at the reset, and where it began last time on the next visit", async () => {
  const first = fake();
  const { result } = first.open();
  await waitFor(() =>
    expect(first.session.begin).toHaveBeenCalledWith({ kind: "reset", seed: 0, state: [] }),
  );
  act(() => result.current.load("cached", 7));
  act(() => result.current.setGoOn(true));
  const second = fake();
  const again = second.open().result;
  await waitFor(() =>
    expect(second.session.begin).toHaveBeenCalledWith({ kind: "cached", seed: 7, state: [] }),
  );
  expect(again.current).toMatchObject({ kind: "cached", seed: 7, goOn: true });
  expect(second.session.play).not.toHaveBeenCalled();
});

test("where episodes cannot begin in mid-gait the reset is asked for, of the same seed", async () => {
  const first = fake();
  const { result } = first.open();
  act(() => result.current.load("cached", 3));
  const other = fake(false);
  other.open();
  await waitFor(() =>
    expect(other.session.begin).toHaveBeenCalledWith({ kind: "reset", seed: 3, state: [] }),
  );
});

test("a start that cannot be had is said, and a later one counts though the earlier answers last", async () => {
  const { session, open } = fake();
  const { result } = open();
  await waitFor(() => expect(session.begin).toHaveBeenCalledTimes(1));
  session.prepare.mockRejectedValueOnce(new Error("No such state."));
  act(() => result.current.load("cached", 1));
  await waitFor(() => expect(result.current.error).toEqual(new Error("No such state.")));
  let late: (start: Start) => void = () => undefined;
  session.prepare.mockReturnValueOnce(new Promise((done) => (late = done)));
  act(() => result.current.load("reset", 4));
  act(() => result.current.load("reset", 5));
  await waitFor(() => expect(session.begin).toHaveBeenLastCalledWith({ kind: "reset", seed: 5, state: [] }));
  late({ kind: "reset", seed: 4, state: [] });
  await Promise.resolve();
  expect(session.begin).toHaveBeenLastCalledWith({ kind: "reset", seed: 5, state: [] });
  expect(result.current.error).toBeNull();
});
