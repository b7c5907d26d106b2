import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";

import { ApiError } from "@/lib/errors";

import { makeRouter } from "./router";
import { theme } from "./theme";

const scheme = localStorageColorSchemeManager({ key: "policyscope-color-scheme" });

/** A refusal will not change by asking again; a server that did not answer may. */
function shouldRetry(failures: number, error: Error): boolean {
  const settled = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return !settled && failures < 2;
}

export function makeQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: shouldRetry,
        retryDelay: 600,
        staleTime: 10_000,
        refetchOnWindowFocus: false,
        networkMode: "always",
      },
      // The server is most often on this very machine: a browser that calls itself offline can still reach it,
      // and a request that fails must say so, not wait in silence for a network.
      mutations: { networkMode: "always" },
    },
  });
}

export function App() {
  const [router] = useState(makeRouter);
  const [queryClient] = useState(makeQueryClient);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={scheme}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
