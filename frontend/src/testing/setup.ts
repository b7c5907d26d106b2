import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";

import { server } from "./server";

// The first look at a lazy part loads its module, which takes longer than the usual second on a busy machine.
configure({ asyncUtilTimeout: 10_000 });

// What a browser has and jsdom lacks.
class StillObserver implements ResizeObserver {
  constructor(private readonly announce: ResizeObserverCallback) {}
  observe(target: Element) {
    const contentRect = { width: 800, height: 400 } as DOMRectReadOnly;
    this.announce([{ target, contentRect } as ResizeObserverEntry], this);
  }
  unobserve() {
    // nothing is held
  }
  disconnect() {
    // nothing is held
  }
}
globalThis.ResizeObserver = StillObserver;

class SeenObserver {
  constructor(private readonly announce: IntersectionObserverCallback) {}
  observe(target: Element) {
    this.announce([{ target, isIntersecting: true } as IntersectionObserverEntry], this as never);
  }
  disconnect() {
    // nothing is held
  }
}
globalThis.IntersectionObserver = SeenObserver as never;
HTMLCanvasElement.prototype.getContext = () => null;
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;
window.matchMedia = (media: string) =>
  ({
    media,
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }) as unknown as MediaQueryList;

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());
