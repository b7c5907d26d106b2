import type { ReactNode } from "react";

import type { Term } from "@/lib/glossary";

import { Explain } from "./Explain";
import classes from "./Facts.module.css";

export interface Fact {
  label: string;
  value: ReactNode;
  note?: string;
  term?: Term;
}

/** Numbers with their names, in one even grid. */
export function Facts({ facts, columns }: { facts: Fact[]; columns?: number }) {
  return (
    <dl
      className={classes.facts}
      style={columns ? { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` } : undefined}
    >
      {facts.map((fact) => (
        <div key={fact.label} className={classes.fact}>
          <dt>
            {fact.label}
            {fact.term && <Explain term={fact.term} />}
          </dt>
          <dd>
            {fact.value}
            {fact.note && " "}
            {fact.note && (
              <span className={classes.note} data-whole={fact.note.startsWith("[")}>
                {fact.note}
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
