import { createRootRoute, createRoute, createRouter, Navigate } from "@tanstack/react-router";

import { parseView } from "@/lib/view";

import { Page } from "./Page";

const root = createRootRoute({ notFoundComponent: () => <Navigate to="/" /> });
const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: parseView,
  component: Page,
});

export function makeRouter() {
  return createRouter({ routeTree: root.addChildren([index]), defaultPreload: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
