// The policy as a chain of modules in float64, cut in two at the tap.
import type { LiveNetwork } from "@/lib/types";

import { activation } from "./activations";
import { affine, matrix, vector, type Vec } from "./packed";

type Step = (x: Vec) => Vec;
type Module = LiveNetwork["modules"][number];

export class LivePolicy {
  private readonly observe: Step;
  private readonly steps: Step[];
  private readonly squash: LiveNetwork["squash"];
  private readonly stretched: LiveNetwork["stretched_to"];
  private readonly cut: number;

  /** Throws an Error when a tensor is missing. */
  constructor(network: LiveNetwork) {
    this.steps = network.modules.map((module) => step(module, network.tensors));
    this.observe = observer(network.observation);
    this.squash = network.squash;
    this.stretched = network.stretched_to;
    this.cut = network.tap_index + 1;
  }

  /** The activation at the tap. */
  head(observation: Vec): Vec {
    return run(this.steps.slice(0, this.cut), this.observe(observation));
  }

  /** The action of an activation at the tap, in the units of the environment. */
  tail(h: Vec): Vec {
    const output = run(this.steps.slice(this.cut), h);
    if (this.squash === "none") return output;
    const bounded = output.map(this.squash === "tanh" ? Math.tanh : (x) => Math.min(1, Math.max(-1, x)));
    const { stretched } = this;
    if (!stretched) return bounded;
    return bounded.map((value, index) => {
      const [low, high] = [stretched.low[index] ?? -1, stretched.high[index] ?? 1];
      return low + 0.5 * (value + 1) * (high - low);
    });
  }
}

const run = (steps: Step[], x: Vec) => steps.reduce((value, next) => next(value), x);

function observer(transform: LiveNetwork["observation"]): Step {
  if (!transform) return (x) => x;
  const { mean, scale, clip } = transform;
  const limit = clip ?? Infinity;
  return (x) =>
    x.map((value, index) =>
      Math.min(limit, Math.max(-limit, (value - (mean[index] ?? 0)) / (scale[index] ?? 1))),
    );
}

function step(module: Module, tensors: LiveNetwork["tensors"]): Step {
  const name = (part: string) => `${module.key ?? ""}.${part}`;
  const optional = (part: string) => {
    const found = tensors[name(part)];
    return found && vector(found, name(part));
  };
  if (module.kind === "identity") return (x) => x;
  if (module.kind === "activation") {
    const f = activation(module.activation);
    return (x) => x.map(f);
  }
  if (module.kind === "linear") {
    const weight = matrix(tensors[name("weight")], name("weight"));
    const bias = optional("bias");
    return (x) => affine(weight, bias, x);
  }
  const [weight, bias] = [optional("weight"), optional("bias")];
  if (module.kind === "layernorm") return (x) => layerNorm(x, weight, bias, module.eps);
  const mean = vector(tensors[name("running_mean")], name("running_mean"));
  const variance = vector(tensors[name("running_var")], name("running_var"));
  const scale = variance.map((value, index) => (1 / Math.sqrt(value + module.eps)) * (weight?.[index] ?? 1));
  return (x) =>
    x.map((value, index) => (value - (mean[index] ?? 0)) * (scale[index] ?? 0) + (bias?.[index] ?? 0));
}

function layerNorm(x: Vec, weight: Vec | undefined, bias: Vec | undefined, eps: number): Vec {
  const mean = average(x);
  const centred = x.map((value) => value - mean);
  const size = Math.sqrt(average(centred.map((value) => value * value)) + eps);
  return centred.map((value, index) => (value / size) * (weight?.[index] ?? 1) + (bias?.[index] ?? 0));
}

export const average = (x: Vec) => x.reduce((sum, value) => sum + value, 0) / x.length;
