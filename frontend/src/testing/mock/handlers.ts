import type { HttpHandler } from "msw";

import { collectionHandlers } from "./collection-handlers";
import { effectsHandlers } from "./effects-handlers";
import { modelHandlers } from "./model-handlers";
import { runHandlers } from "./run-handlers";
import { saeHandlers } from "./sae-handlers";
import { understandingHandlers } from "./understanding-handlers";
import { versusHandlers } from "./versus-handlers";
import { weightHandlers } from "./weight-handlers";
import type { World } from "./world";

export const makeHandlers = (world: World): HttpHandler[] => [
  ...modelHandlers(world),
  ...weightHandlers(world),
  ...saeHandlers(world),
  ...runHandlers(world),
  ...effectsHandlers(world),
  ...understandingHandlers(world),
  ...collectionHandlers(world),
  ...versusHandlers(world),
];
