// The first screen must stay under 200 KB of compressed JavaScript: the entry file and everything it imports at once.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const dist = new URL("../dist/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
const sizes = new Map();

function add(key) {
  const chunk = manifest[key];
  if (!chunk || sizes.has(chunk.file)) return;
  sizes.set(chunk.file, gzipSync(readFileSync(join(dist, chunk.file))).length / 1024);
  (chunk.imports ?? []).forEach(add);
}

add("index.html");
const first = [...sizes.values()].reduce((sum, kb) => sum + kb, 0);
const kb = (n) => `${n.toFixed(1)} KB`;
for (const [file, size] of sizes) console.log(`  ${kb(size).padStart(9)}  ${file}`);
console.log(`First screen: ${kb(first)} of ${BUDGET_KB} KB gzipped JavaScript.`);

const html = readFileSync(join(dist, "index.html"), "utf8");
if (/<script(?![^>]*\bsrc=)[^>]*>/.test(html)) {
  console.error("index.html holds an inline script; the content security policy would block it.");
  process.exit(1);
}
if (first > BUDGET_KB) {
  console.error(`The first screen is ${kb(first - BUDGET_KB)} over its budget: load something lazily.`);
  process.exit(1);
}
