import type { Run } from "@/lib/types";

import classes from "./Compare.module.css";

function flatten(value: unknown, name = ""): [string, string][] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => flatten(inner, name ? `${name} ${key}` : key));
  }
  return [
    [
      name.replaceAll("_", " "),
      value === null || value === undefined ? "none" : JSON.stringify(value).replaceAll('"', ""),
    ],
  ];
}

/** Everything needed to recompute the run bit for bit on the same machine. */
export function Provenance({ run }: { run: Run }) {
  return (
    <details className={classes.provenance}>
      <summary>How to recompute this run</summary>
      <dl>
        <div>
          <dt>seeds</dt>
          <dd>{run.seeds.join(", ")}</dd>
        </div>
        {flatten(run.provenance).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
