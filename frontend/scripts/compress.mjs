// Beside every file of the bundle that shrinks, the same in brotli and gzip: the server sends what a browser takes.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const KINDS = /\.(css|html|js|json|svg|wasm)$/;
const LEAST = 1024; // below it a response takes one packet either way
const LARGE = 1 << 20; // above it brotli's best takes 20 s instead of 2 for a tenth less
const dist = new URL("../dist/", import.meta.url).pathname;

const quality = (size) => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: size > LARGE ? 9 : 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: size,
  },
});
const ways = {
  br: (bytes) => promisify(brotliCompress)(bytes, quality(bytes.length)),
  gz: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

async function compress(path) {
  const bytes = await readFile(path);
  if (bytes.length < LEAST) return { path, sizes: [bytes.length] };
  const packed = await Promise.all(
    Object.entries(ways).map(async ([ending, way]) => {
      const smaller = await way(bytes);
      if (smaller.length < bytes.length) await writeFile(`${path}.${ending}`, smaller);
      return smaller.length;
    }),
  );
  return { path, sizes: [bytes.length, ...packed] };
}

const entries = await readdir(dist, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && KINDS.test(entry.name));
const done = await Promise.all(
  files.map((entry) => compress(join(entry.parentPath ?? entry.path, entry.name))),
);
const kb = (n) => `${(n / 1024).toFixed(0)} KB`;
const total = [0, 1, 2].map((way) => done.reduce((sum, { sizes }) => sum + (sizes[way] ?? sizes[0]), 0));
console.log(`Bundle: ${kb(total[0])}, as brotli ${kb(total[1])}, as gzip ${kb(total[2])}.`);
