// The binary document of replays and clips, packed as the server does.

type Rows = readonly (readonly number[])[];

/** Float32 channel by channel, byte plane by byte plane. */
function planes(values: Rows): Uint8Array {
  const channels = values[0]?.length ?? 0;
  const columns = Float32Array.from({ length: values.length * channels }, (_, index) => {
    return values[index % values.length]?.[Math.floor(index / values.length)] ?? 0;
  });
  const bytes = new Uint8Array(columns.buffer);
  const count = columns.length;
  return bytes.map((_, i) => bytes[4 * (i % count) + Math.floor(i / count)] ?? 0);
}

/** One arm with these signals [step, channel]; `flags` are 0 or 1. */
export function packed(
  about: object,
  name: string,
  signals: Readonly<Record<string, Rows>>,
  flags: Readonly<Record<string, Rows>> = {},
): ArrayBuffer {
  const parts = [
    ...Object.entries(signals).map(([key, rows]) => ({ key, rows, type: "float32", data: planes(rows) })),
    ...Object.entries(flags).map(([key, rows]) => ({
      key,
      rows,
      type: "uint8",
      data: Uint8Array.from(rows.flat()),
    })),
  ];
  let offset = 0;
  const listed = Object.fromEntries(
    parts.map(({ key, rows, type, data }) => {
      const entry = { shape: [rows.length, rows[0]?.length ?? 0], type, offset };
      offset += data.length;
      return [key, entry];
    }),
  );
  const length = Math.max(...parts.map(({ rows }) => rows.length));
  const arms = [{ name, return: 2.5, length, fell: false, signals: listed }];
  const text = new TextEncoder().encode(JSON.stringify({ ...about, arms }));
  const whole = new Uint8Array(8 + text.length + offset);
  whole.set(new TextEncoder().encode("PSR1"));
  new DataView(whole.buffer).setUint32(4, text.length, true);
  whole.set(text, 8);
  let at = 8 + text.length;
  for (const { data } of parts) {
    whole.set(data, at);
    at += data.length;
  }
  return whole.buffer;
}
