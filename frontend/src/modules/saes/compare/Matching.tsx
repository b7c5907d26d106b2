import { Button } from "@mantine/core";
import { useState } from "react";

import { count, fixed, plural } from "@/lib/format";
import type { SaeComparison } from "@/lib/types";
import { useView } from "@/lib/view";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";
import table from "@/ui/Table.module.css";

import classes from "./Compare.module.css";

type Shared = NonNullable<SaeComparison["matching"]>;

const FIRST = 12;

/** In a sentence what the matching says, then pair by pair. */
export function Matching({ matching }: { matching: Shared }) {
  const { openScreen } = useView();
  const [all, setAll] = useState(false);
  const same = matching.matches.filter((match) => match.same).length;
  const hardest = matching.nulls.reduce((a, b) => ((b.pw_mcc ?? 0) > (a.pw_mcc ?? 0) ? b : a));
  return (
    <section className={classes.matching} aria-label="Shared features">
      <h3>
        Shared features <Explain term="stability" />
      </h3>
      <p>
        <b>
          {same} of {plural(matching.matches.length, "pair")}
        </b>{" "}
        are the same feature beyond chance: decoder cosine above {fixed(matching.chance_cosine, 3)}, which
        dictionaries without features reach for one feature in twenty, and activations that correlate by at
        least 0.8. Matched cosine {fixed(matching.pw_mcc, 2)} on average; {hardest.name} reach{" "}
        {fixed(hardest.pw_mcc, 2)}.
      </p>
      <Saveable title="Shared features of two SAEs" as="table">
        <div className={table.scroll}>
          <table className={table.plain}>
            <caption className="visually-hidden">Pairs of features, one to one</caption>
            <thead>
              <tr>
                <th scope="col">In use</th>
                <th scope="col">The other</th>
                <th scope="col">Cosine</th>
                <th scope="col">Correlation</th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {matching.matches.slice(0, all ? undefined : FIRST).map((match) => (
                <tr key={match.feature}>
                  <th scope="row">
                    <button
                      type="button"
                      className={classes.feature}
                      onClick={() => openScreen("features", { feature: match.feature })}
                    >
                      Feature {match.feature}
                    </button>
                  </th>
                  <td>{match.partner}</td>
                  <td>{fixed(match.cosine, 3)}</td>
                  <td>{fixed(match.correlation, 2)}</td>
                  <td>{verdict(match, matching.chance_cosine)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Saveable>
      {matching.matches.length > FIRST && (
        <Button size="compact-sm" variant="default" onClick={() => setAll(!all)}>
          {all ? "Show the closest only" : `Show all ${String(matching.matches.length)}`}
        </Button>
      )}
      <details className="muted small">
        <summary>
          Without a counterpart: {plural(matching.only_first.length, "feature")} of the one in use,{" "}
          {count(matching.only_second.length)} of the other
        </summary>
        <p>In use: {listed(matching.only_first)}.</p>
        <p>The other: {listed(matching.only_second)}.</p>
      </details>
    </section>
  );
}

type Match = Shared["matches"][number];

/** A direction beyond chance is not yet the same feature: both must also be active together. */
function verdict({ same, cosine }: Match, chance: number | null) {
  if (same) return <b>the same</b>;
  return cosine !== null && chance !== null && cosine > chance ? "the direction only" : "no more than chance";
}

const NAMED = 200;

function listed(features: number[]): string {
  const more = features.length - NAMED;
  if (features.length === 0) return "none";
  return features.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${count(more)} more` : "");
}
