import { setupServer } from "msw/node";

/** The mock API of the unit tests; each test gives it a world of its own. */
export const server = setupServer();
