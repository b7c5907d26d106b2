// The activation functions of a policy, in float64, equal to the server's up to rounding.
type Scalar = (x: number) => number;

const SELU_ALPHA = 1.6732632423543772848170429916717;
const SELU_SCALE = 1.0507009873554804934193349852946;

/** Error function by its power series, whose terms are all of one sign: no digit is lost (DLMF 7.6.2). */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  const square = x * x;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * square) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
}

const sigmoid: Scalar = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

const ACTIVATIONS: Partial<Record<string, Scalar>> = {
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  leaky_relu: (x) => (x > 0 ? x : 0.01 * x),
  softplus: (x) => (x > 20 ? x : Math.log1p(Math.exp(x))),
  selu: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  identity: (x) => x,
};

/** Throws an Error for a function that is not known here. */
export function activation(name: string | null): Scalar {
  const found = ACTIVATIONS[name ?? "identity"];
  if (!found) throw new Error(`The activation function ${String(name)} is not known to this page.`);
  return found;
}
