// The page of parity.spec.ts: the product's own loop on recorded cases, in the browser that runs it.
import { openMujoco } from "@/modules/live/loader";
import { closedLoop, foreseeable, fresh, open, openLoop, same, touching } from "@/testing/live-parity";

async function measure() {
  const mj = await openMujoco();
  const cases = foreseeable(closedLoop(mj));
  return {
    open: open.map((each) => ({ task: each.physics.task, ...openLoop(mj, each) })),
    touching: open.flatMap((each) => touching(mj, each)),
    foreseeable: cases.length,
    same: same(cases).length,
    fresh: same(closedLoop(mj, fresh)).length,
  };
}

export type Measured = Awaited<ReturnType<typeof measure>>;

declare global {
  interface Window {
    measured: Promise<Measured>;
  }
}

window.measured = measure();
