import { createRootRoute, createRoute, createRouter, Navigate } from "@tanstack/react-router";

import { parseView } from "@/lib/view";
import { Broken } from "@/ui/Boundary";

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
  return createRouter({
    routeTree: root.addChildren([index, gallery]),
    defaultPreload: false,
    defaultErrorComponent: ({ error }) => <Broken title="The page stopped with an error" error={error} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
