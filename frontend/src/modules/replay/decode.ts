// The replay document of the API: "PSR1", the length of a JSON header, the header, the numbers.

export interface Signal {
  /** Steps. */
  length: number;
  channels: number;
  /** Channel by channel: value of channel c at step t is data[c * length + t]. */
  data: Float32Array;
}

export interface ReplayArm {
  name: string;
  return: number | null;
  length: number;
  fell: boolean;
  signals: Partial<Record<string, Signal>>;
}

/** What every document holds. */
export interface Recorded {
  features: number[];
  arms: ReplayArm[];
}

export interface Replay extends Recorded {
  run_id: string;
  env: string;
  seed: number;
}

/** A moment of the cached episodes. */
export interface Moment extends Recorded {
  row: number;
  episode: number;
  step: number;
  first_step: number;
  /** Why poses are missing. */
  undrawn: string | null;
}

/** The units of one layer under every arm: signal `units`. */
export interface Units extends Recorded {
  seed: number;
  layers: { index: number; label: string; module: number; width: number; activation: string | null }[];
  /** Number of the layer whose units these are. */
  layer: number;
  dead: number[];
  saturated: number[];
}

interface Listed {
  shape: number[];
  type: "float32" | "uint8";
  offset: number;
}

type Header = Omit<Recorded, "arms"> & {
  arms: (Omit<ReplayArm, "signals"> & { signals: Record<string, Listed> })[];
};

const MAGIC = "PSR1";

/** Throws an Error when the document is not a replay or ends early. */
export const decodeReplay = (buffer: ArrayBuffer) => decode(buffer) as Replay;

/** Throws an Error when the document is not a clip or ends early. */
export const decodeMoment = (buffer: ArrayBuffer) => decode(buffer) as Moment;

/** Throws an Error when the document does not hold a layer or ends early. */
export const decodeUnits = (buffer: ArrayBuffer) => decode(buffer) as Units;

function decode(buffer: ArrayBuffer): Recorded {
  const view = new DataView(buffer);
  const text = new TextDecoder();
  if (buffer.byteLength < 8 || text.decode(new Uint8Array(buffer, 0, 4)) !== MAGIC)
    throw new Error("The server sent something that is not a replay.");
  const start = 8 + view.getUint32(4, true);
  if (start > buffer.byteLength) throw new Error("The replay ends in its header.");
  const header = JSON.parse(text.decode(new Uint8Array(buffer, 8, start - 8))) as Header;
  return {
    ...header,
    arms: header.arms.map((arm) => ({
      ...arm,
      signals: Object.fromEntries(
        Object.entries(arm.signals).map(([name, listed]) => [name, read(buffer, start, listed)]),
      ),
    })),
  };
}

function read(buffer: ArrayBuffer, start: number, { shape, type, offset }: Listed): Signal {
  const length = shape[0] ?? 0;
  const count = shape.reduce((product, size) => product * size, 1);
  const size = type === "uint8" ? count : 4 * count;
  if (start + offset + size > buffer.byteLength) throw new Error("The replay ends before its last number.");
  const bytes = new Uint8Array(buffer, start + offset, size);
  const channels = length === 0 ? 0 : count / length;
  return {
    length,
    channels,
    data: type === "uint8" ? columns(bytes, length, channels) : floats(bytes, count),
  };
}

/** Undo the byte planes: byte k of number i lies at k * count + i. */
function floats(bytes: Uint8Array, count: number): Float32Array {
  const joined = new Uint8Array(4 * count);
  for (let k = 0; k < 4; k++) for (let i = 0; i < count; i++) joined[4 * i + k] = bytes[k * count + i] ?? 0;
  return new Float32Array(joined.buffer);
}

function columns(bytes: Uint8Array, length: number, channels: number): Float32Array {
  const result = new Float32Array(bytes.length);
  for (let t = 0; t < length; t++)
    for (let c = 0; c < channels; c++) result[c * length + t] = bytes[t * channels + c] ?? 0;
  return result;
}

/** Value of a channel at a step; the last one after the end. */
export function valueAt(signal: Signal | undefined, channel: number, step: number): number {
  if (!signal || signal.length === 0) return 0;
  return signal.data[channel * signal.length + Math.min(step, signal.length - 1)] ?? 0;
}

/** All steps of one channel. */
export function channelOf(signal: Signal | undefined, channel: number): Float32Array {
  return signal
    ? signal.data.subarray(channel * signal.length, (channel + 1) * signal.length)
    : new Float32Array();
}

/** Running sum of a channel: the return so far. */
export function runningSum(values: Float32Array): Float32Array {
  const result = new Float32Array(values.length);
  let sum = 0;
  for (const [t, value] of values.entries()) {
    sum += value;
    result[t] = sum;
  }
  return result;
}
