// The sparse autoencoder at the tap, in float64: latents of an activation, decoder directions.
import type { LiveNetwork } from "@/lib/types";

import { affine, matrix, vector, type Matrix, type Vec } from "./packed";
import { average } from "./policy";

interface Statistics {
  mean: number;
  divisor: number;
  scale: number;
}

const EPSILON = 1e-5;
const NONE: Statistics = { mean: 0, divisor: 1, scale: 1 };

export class LiveSae {
  readonly features: number;
  private readonly encoder: Matrix;
  private readonly bias: Vec;
  private readonly decoder: Matrix;
  private readonly threshold: Vec | undefined;
  private readonly k: number;
  private readonly norm: LiveNetwork["sae"]["input_norm"];

  /** Throws an Error when an array is missing. */
  constructor({ arrays, k, input_norm }: LiveNetwork["sae"]) {
    this.encoder = matrix(arrays.w_enc, "w_enc");
    this.bias = vector(arrays.b_enc, "b_enc");
    this.decoder = matrix(arrays.w_dec, "w_dec");
    this.threshold = arrays.threshold && vector(arrays.threshold, "threshold");
    this.features = this.encoder.rows;
    this.k = k;
    this.norm = input_norm;
  }

  /** All latents of an activation; none is below zero. */
  encode(h: Vec): Vec {
    const { mean, divisor } = this.statistics(h);
    const u = this.norm === "none" ? h : h.map((value) => (value - mean) / divisor);
    const before = affine(this.encoder, this.bias, u);
    const { threshold } = this;
    if (!threshold) return topK(before.map((value) => Math.max(value, 0)), this.k); // prettier-ignore
    return before.map((value, index) => (value > (threshold[index] ?? 0) ? Math.max(value, 0) : 0));
  }

  /** Adds `amount` of a latent to `target`; `h` is the activation it was read from. */
  push(target: Vec, h: Vec, feature: number, amount: number) {
    const moved = amount * this.statistics(h).scale;
    const { columns, data } = this.decoder;
    const start = feature * columns;
    for (let index = 0; index < columns; index++)
      target[index] = (target[index] ?? 0) + moved * (data[start + index] ?? 0);
  }

  private statistics(h: Vec): Statistics {
    if (this.norm === "none") return NONE;
    if (this.norm === "unit_mean_square") {
      const size = Math.sqrt(average(h.map((value) => value * value))) || 1;
      return { mean: 0, divisor: size, scale: size };
    }
    const mean = average(h);
    const sum = h.reduce((total, value) => total + (value - mean) ** 2, 0);
    const deviation = h.length > 1 ? Math.sqrt(sum / (h.length - 1)) : 1;
    return { mean, divisor: deviation + EPSILON, scale: deviation };
  }
}

/** All but the k largest become zero; the lowest index wins ties. */
export function topK(values: Vec, k: number): Vec {
  if (k >= values.length) return values;
  const limit = Float64Array.from(values).sort()[values.length - k] ?? 0;
  let places = k - values.reduce((count, value) => count + (value > limit ? 1 : 0), 0);
  return values.map((value) => {
    if (value > limit) return value;
    return value === limit && places-- > 0 ? value : 0;
  });
}
