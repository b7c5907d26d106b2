// What of the replay a copied link restores: which episode, which frame, how it is shown. Defaults stay out.
export interface WatchView {
  /** The run that this was chosen for; another run is watched from its own beginning. */
  run?: string;
  seed?: number;
  /** The arms on show; all of them where none is named. */
  arms?: string[];
  /** Standing at this step; without one it plays. */
  step?: number;
  speed?: number;
  once?: true;
  layout?: "overlay";
  paint?: "torque" | "feature";
  camera?: "still";
  trails?: true;
  /** The activations are open: the arm on show, the one beside it ("" is nothing), units by number. */
  units?: true;
  arm?: string;
  beside?: string;
  order?: "number";
}

const whole = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
const name = (value: unknown) => (typeof value === "string" ? value.slice(0, 80) : undefined);
const one = <T extends string>(value: unknown, ...known: T[]) => known.find((each) => each === value);
const yes = (value: unknown) => (value === true ? true : undefined);

function names(value: unknown): string[] | undefined {
  const found = Array.isArray(value) ? value.map(name).filter((each) => each !== undefined) : [];
  return found.length > 0 ? found : undefined;
}

/** What does not parse is dropped; nothing chosen leaves the address as short as it was. */
export function parseWatch(value: unknown): WatchView | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const speed = given.speed;
  const view: WatchView = {
    seed: whole(given.seed),
    arms: names(given.arms),
    step: whole(given.step),
    speed: typeof speed === "number" && speed > 0 && speed <= 10 ? speed : undefined,
    once: yes(given.once),
    layout: one(given.layout, "overlay"),
    paint: one(given.paint, "torque", "feature"),
    camera: one(given.camera, "still"),
    trails: yes(given.trails),
    units: yes(given.units),
    arm: name(given.arm),
    beside: name(given.beside),
    order: one(given.order, "number"),
  };
  const chosen = Object.values(view).some((each) => each !== undefined);
  return chosen ? { run: name(given.run), ...view } : undefined;
}
