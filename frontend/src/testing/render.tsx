import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";

import { theme } from "@/app/theme";
import { parseView } from "@/lib/view";

import { makeHandlers } from "./mock/handlers";
import { World } from "./mock/world";
import { server } from "./server";

/** A fresh mock API with its own memory. */
export function makeWorld(): World {
  const world = new World();
  server.use(...makeHandlers(world));
  return world;
}

export function makeTestClient() {
  return new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 10_000 } } });
}

/** Renders a part of the page with the theme and a query cache of its own. */
export function renderWithTheme(children: ReactNode, queryClient = makeTestClient()) {
  return render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </MantineProvider>,
  );
}

/** Renders a part that reads or writes the address; the router is returned so that a test can look at it. */
export function renderAt(address: string, component: () => ReactNode) {
  const root = createRootRoute();
  const index = createRoute({
    getParentRoute: () => root,
    path: "/",
    validateSearch: parseView,
    component,
  });
  const router = createRouter({
    routeTree: root.addChildren([index]),
    history: createMemoryHistory({ initialEntries: [address] }),
    defaultPendingMinMs: 0,
  });
  renderWithTheme(<RouterProvider router={router as never} />);
  return router;
}
