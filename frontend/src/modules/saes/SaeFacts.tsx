import type { ReactNode } from "react";

import { count, num, percent } from "@/lib/format";
import type { Term } from "@/lib/glossary";
import type { SaeInfo } from "@/lib/types";
import { Explain } from "@/ui/Explain";

import { uploadedFiles } from "./directories";
import classes from "./Sae.module.css";

const VERIFIED = 1e-6;

/** What the numbers mean, in a sentence that claims no more than they show. */
export function verdict(sae: SaeInfo): string {
  if (!sae.has_cached_data) return "Loaded without cached data: features can be pushed, but not interpreted.";
  if (sae.fvu === null) return "Loaded. Its quality could not be measured on the cached data.";
  const rebuilt = percent(1 - sae.fvu, sae.fvu < 0.01 ? 2 : 1);
  if (sae.fvu > 1)
    return `At tap ${sae.tap_index} the SAE is worse than the mean: this is very likely not its layer.`;
  if (sae.fvu > 0.1)
    return `The SAE rebuilds only ${rebuilt} of the variance at tap ${sae.tap_index}. Read its features with care.`;
  const verified = sae.reproduction_error !== null && sae.reproduction_error < VERIFIED;
  const proof = verified
    ? " The policy reproduces the cached activations, so tap and activation function are the right ones."
    : "";
  return `The SAE rebuilds ${rebuilt} of the variance at tap ${sae.tap_index}.${proof}`;
}

interface Line {
  label: string;
  value: ReactNode;
  note?: string;
  term?: Term;
}

function linesOf(sae: SaeInfo): Line[] {
  const uploaded = uploadedFiles(sae);
  return [
    {
      label: "From",
      value: uploaded ?? sae.artifacts_dir,
      note: uploaded === null ? undefined : "uploaded",
      term: "sae",
    },
    { label: "Reads", value: `d_in ${sae.d_in}`, note: "units", term: "d_in" },
    {
      label: "Features",
      value: `d_latent ${count(sae.d_latent)}`,
      note: `${count(sae.dead_features)} dead`,
      term: "d_latent",
    },
    { label: "Active at once", value: `k ${sae.k}`, note: `L0 ${num(sae.l0)} on average`, term: "l0" },
    {
      label: "Variance unexplained",
      value: `FVU ${num(sae.fvu, 2)}`,
      note: percent(sae.fvu, 2),
      term: "fvu",
    },
    { label: "Reproduction error", value: num(sae.reproduction_error, 2), term: "reproduction" },
    { label: "Cached states", value: count(sae.n_samples), note: sae.env ?? undefined },
  ];
}

export function SaeFacts({ sae }: { sae: SaeInfo }) {
  return (
    <div className={classes.facts}>
      <p className={classes.verdict}>{verdict(sae)}</p>
      <dl className={classes.lines}>
        {linesOf(sae).map(({ label, value, note, term }) => (
          <div key={label}>
            <dt>
              {label}
              {term && <Explain term={term} />}
            </dt>
            <dd>
              {value}
              {note && <span>{note}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
