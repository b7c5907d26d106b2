import { createRootRoute, createRoute, createRouter, Navigate } from "@tanstack/react-router";

import { parseView } from "@/lib/view";

import { GalleryPage } from "./gallery/GalleryPage";
import { Page } from "./Page";

const root = createRootRoute({ notFoundComponent: () => <Navigate to="/" /> });
const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: parseView,
  component: Page,
});

const gallery = createRoute({ getParentRoute: () => root, path: "/components", component: GalleryPage });

export function makeRouter() {
  return createRouter({ routeTree: root.addChildren([index, gallery]), defaultPreload: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
