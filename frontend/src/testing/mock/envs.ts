import type { Channel, EnvInfo } from "@/lib/types";

const channels = (names: string[], unit: (name: string) => string, limit: number | null = null): Channel[] =>
  names.map((name, index) => ({
    index,
    name,
    unit: unit(name),
    low: limit === null ? null : -limit,
    high: limit,
  }));

const joints = ["right thigh", "right leg", "right foot", "left thigh", "left leg", "left foot"];
const walkerObservations = [
  "torso height",
  "torso pitch",
  ...joints.map((name) => `${name} angle`),
  "forward speed",
  "vertical speed",
  "pitch rate",
  ...joints.map((name) => `${name} rate`),
];
const unitOf = (name: string) =>
  name.includes("rate") ? "rad/s" : name.includes("speed") ? "m/s" : name.includes("height") ? "m" : "rad";

const env = (
  id: string,
  title: string,
  obs: Channel[],
  act: Channel[],
  more: Partial<EnvInfo> = {},
): EnvInfo => ({
  id,
  title,
  obs_dim: obs.length,
  act_dim: act.length,
  action_kind: "continuous",
  observations: obs,
  actions: act,
  max_episode_steps: 1000,
  dt: 0.008,
  terminates: true,
  falls: true,
  renderable: true,
  render_note: null,
  feet: [],
  live: id.endsWith("-v5") ? "browser" : "server",
  aliases: [],
  ...more,
});

const plain = (prefix: string, n: number) =>
  channels(
    Array.from({ length: n }, (_, i) => `${prefix} ${i}`),
    () => "",
  );

export const ENVS: EnvInfo[] = [
  env(
    "Walker2d-v5",
    "Two-legged walker",
    channels(walkerObservations, unitOf),
    channels(
      joints.map((name) => `${name} torque`),
      () => "gear units",
      1,
    ),
    { feet: ["right", "left"] },
  ),
  env("HalfCheetah-v5", "Half cheetah", plain("observation", 17), plain("torque", 6), {
    terminates: false,
    falls: true,
  }),
  env("Hopper-v5", "One-legged hopper", plain("observation", 11), plain("torque", 3)),
  env("Ant-v5", "Four-legged ant", plain("observation", 105), plain("torque", 8)),
  env("Humanoid-v5", "Humanoid", plain("observation", 348), plain("torque", 17)),
  env("CartPole-v1", "Cart and pole", plain("observation", 4), plain("push", 2), {
    action_kind: "discrete",
    max_episode_steps: 500,
  }),
  env("hard_stable", "Linear system that punishes imitation errors", plain("state", 6), plain("input", 6), {
    max_episode_steps: 300,
    dt: null,
    terminates: false,
    falls: false,
  }),
];
