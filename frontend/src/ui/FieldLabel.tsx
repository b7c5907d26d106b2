import type { ReactNode } from "react";

import type { Term } from "@/lib/glossary";

import { Explain } from "./Explain";
import classes from "./FieldLabel.module.css";

/** A field's label with its "?" beside it, not inside: a button inside a label would become part of the field's name. */
export function FieldLabel({
  htmlFor,
  term,
  children,
}: {
  htmlFor: string;
  term: Term;
  children: ReactNode;
}) {
  return (
    <span className={classes.label}>
      <label htmlFor={htmlFor}>{children}</label>
      <Explain term={term} />
    </span>
  );
}
