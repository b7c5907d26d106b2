import { openMujoco } from "./loader";
import { sweep, type SweepJob, type SweepReply } from "./sweep";

const reply = (message: SweepReply) => {
  self.postMessage(message);
};

self.onmessage = async ({ data }: MessageEvent<SweepJob>) => {
  try {
    const mj = await openMujoco();
    const before = performance.now();
    let [done, steps] = [0, 0];
    for (const point of sweep(mj, data)) {
      done += 1;
      steps += point.lengths.reduce((sum, length) => sum + length, 0);
      reply({ kind: "point", point, done });
    }
    reply({ kind: "end", seconds: (performance.now() - before) / 1000, steps });
  } catch (error) {
    reply({ kind: "failure", message: error instanceof Error ? error.message : String(error) });
  }
};
