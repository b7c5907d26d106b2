import { getResponse, type HttpHandler } from "msw";

import { makeHandlers } from "./handlers";
import { World } from "./world";

const world = new World();
world.runMs = 4000;

export const handlers = makeHandlers(world);
export const respond = (all: HttpHandler[], request: Request) => getResponse(all, request);
