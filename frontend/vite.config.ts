import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { noEval } from "./scripts/no-eval.ts";
import { mockApi } from "./src/testing/vite-mock-api.ts";

export default defineConfig(({ mode }) => ({
  plugins: [react(), noEval(), ...(mode === "mock" ? [mockApi()] : [])],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The content security policy allows no data: URLs for scripts or fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 700, // three.js, loaded only when a replay is opened; scripts/check-bundle.mjs guards the rest
    target: "es2022",
  },
  worker: { format: "es", plugins: () => [noEval()] }, // the sweep's worker loads the simulator when it needs it
  server: { port: 5173 },
  test: {
    environment: "jsdom",
    setupFiles: ["./src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    css: false,
    testTimeout: 60_000,
    isolate: false, // one browser-like environment per worker, not per file: half the time
    restoreMocks: true,
  },
}));
