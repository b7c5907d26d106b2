import type {
  Connection,
  LayerWeights,
  Model,
  ModuleInfo,
  ParameterInfo,
  SaeInfo,
  Summary,
  WeightEdit,
} from "@/lib/types";

import { ENVS } from "./envs";
import { normal, seeded } from "./random";

export interface StoredModel {
  model: Model;
  sizes: number[];
  weights: Map<string, number[][]>;
  edits: WeightEdit[];
}

export function makeModel(
  id: string,
  name: string,
  sizes: number[],
  patch: Partial<Model> = {},
): StoredModel {
  const random = seeded(sizes.reduce((sum, size) => sum * 31 + size, 7));
  const weights = new Map<string, number[][]>();
  sizes.slice(1).forEach((size, i) => {
    const spread = 1 / Math.sqrt(sizes[i]!);
    const row = (n: number) =>
      Array.from({ length: n }, () => normal(random) * spread * (random() < 0.15 ? 2.2 : 0.7));
    weights.set(
      `net.${2 * i}.weight`,
      Array.from({ length: size }, () => row(sizes[i]!)),
    );
    weights.set(`net.${2 * i}.bias`, [row(size)]);
  });
  const [obs_dim, act_dim] = [sizes[0]!, sizes.at(-1)!];
  const model: Model = {
    id,
    name,
    filename: "imitator.pt",
    format: "torch_state_dict",
    created_at: new Date(Date.now() - 3 * 3600_000).toISOString(),
    size_bytes: 12_345,
    sha256: "c0ffee".padEnd(64, "0"),
    obs_dim,
    act_dim,
    activation: "gelu",
    activation_source: "recorded",
    architecture_only: false,
    n_parameters: [...weights.values()].reduce((sum, rows) => sum + rows.length * rows[0]!.length, 0),
    n_edits: 0,
    notes: [],
    compatible_envs: ENVS.filter((env) => env.obs_dim === obs_dim && env.act_dim === act_dim).map(
      (env) => env.id,
    ),
    metadata: {},
    sae: null,
    intervention: null,
    ...patch,
  };
  return { model, sizes, weights, edits: [] };
}

const statsOf = (rows: number[][]) => {
  const flat = rows.flat();
  const mean = flat.reduce((sum, v) => sum + v, 0) / flat.length;
  const std = Math.sqrt(flat.reduce((sum, v) => sum + (v - mean) ** 2, 0) / flat.length);
  return { mean, std, min: Math.min(...flat), max: Math.max(...flat) };
};

function modulesOf({ sizes, model }: StoredModel): ModuleInfo[] {
  return sizes.slice(1).flatMap((size, i) => {
    const width = sizes[i]!;
    const linear: ModuleInfo = {
      index: 2 * i,
      kind: "linear",
      label: `Linear ${width} → ${size}`,
      key: `net.${2 * i}`,
      activation: null,
      in_features: width,
      out_features: size,
      n_parameters: size * (width + 1),
    };
    const last = i === sizes.length - 2;
    const act: ModuleInfo = {
      ...linear,
      index: 2 * i + 1,
      kind: "activation",
      label: "GELU",
      key: null,
      activation: model.activation,
      in_features: size,
      n_parameters: 0,
    };
    return last ? [linear] : [linear, act];
  });
}

function connectionOf(stored: StoredModel, i: number): Connection {
  const rows = stored.weights.get(`net.${2 * i}.weight`)!;
  const edges = rows.flatMap((row, to) => row.map((w, from): [number, number, number] => [from, to, w]));
  edges.sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
  return {
    from_layer: i,
    to_layer: i + 1,
    key: `net.${2 * i}.weight`,
    max_abs: Math.abs(edges[0]![2]),
    edges: edges.slice(0, 200),
  };
}

export function summaryOf(stored: StoredModel): Summary {
  const last = stored.sizes.length - 1;
  const edited = new Set(stored.edits.map((edit) => edit.key));
  return {
    id: stored.model.id,
    modules: modulesOf(stored),
    parameters: [...stored.weights].map(([key, rows]): ParameterInfo => ({
      key,
      shape: key.endsWith("bias") ? [rows[0]!.length] : [rows.length, rows[0]!.length],
      n: rows.length * rows[0]!.length,
      ...statsOf(rows),
      edited: edited.has(key),
    })),
    layers: stored.sizes.map((size, index) => ({
      index,
      label: index === 0 ? "observation" : `net[${2 * (index - 1)}]`,
      size,
      module_index: index === 0 ? null : 2 * (index - 1),
      tap_indices:
        index === 0 ? [] : index === last ? [2 * (index - 1)] : [2 * (index - 1), 2 * (index - 1) + 1],
    })),
    connections: stored.sizes.slice(1).map((_, i) => connectionOf(stored, i)),
  };
}

export function layerWeightsOf(stored: StoredModel, key: string): LayerWeights | null {
  const rows = stored.weights.get(key);
  if (!rows) return null;
  const vector = key.endsWith("bias");
  const cells = stored.edits
    .filter((edit) => edit.key === key && edit.index !== null)
    .map((edit) => edit.index!);
  return {
    key,
    shape: vector ? [rows[0]!.length] : [rows.length, rows[0]!.length],
    values: vector ? rows[0]! : rows,
    start: vector ? [0] : [0, 0],
    overview: null,
    edited: cells,
    stats: statsOf(rows),
  };
}

export function applyEdit(stored: StoredModel, edit: WeightEdit) {
  const amount = edit.value ?? 0;
  const rows = stored.weights.get(edit.key)!;
  const random = seeded(edit.seed ?? 0);
  if (edit.op === "edit_at" && edit.index) {
    const [row, column] = edit.index.length === 1 ? [0, edit.index[0]!] : [edit.index[0]!, edit.index[1]!];
    rows[row]![column] = amount;
  } else {
    const change = {
      scale: (v: number) => v * amount,
      set: () => amount,
      add_noise: (v: number) => v + normal(random) * amount,
      edit_at: (v: number) => v,
    }[edit.op];
    rows.forEach((row, i) => (rows[i] = row.map(change)));
  }
  stored.edits.push(edit);
  stored.model = { ...stored.model, n_edits: stored.edits.length };
}

export const SAE: SaeInfo = {
  ok: true,
  id: "s_1",
  artifacts_dir: "walker2d_w32",
  d_in: 32,
  d_latent: 128,
  k: 16,
  tap_index: 3,
  has_cached_data: true,
  activations_from: "file",
  env: "Walker2d-v5",
  n_samples: 20_000,
  fvu: 0.0042,
  reproduction_error: 3.1e-13,
  candidate: null,
  stored_tap_index: 3,
  dead_features: 5,
  l0: 15.8,
  warnings: [],
};
