import { fixed } from "@/lib/format";
import type { Clusters } from "@/lib/types";

import classes from "./Clusters.module.css";

interface Props {
  pairs: Clusters["antipodal"];
  onFeature: (feature: number) => void;
}

/** Features that write opposite directions: two ends of one axis, which similarity would keep apart. */
export function Antipodal({ pairs, onFeature }: Props) {
  return (
    <section className={classes.antipodal}>
      <h3>Opposite pairs</h3>
      {pairs.length === 0 ? (
        <p>No two features write directions with a cosine below −0.7.</p>
      ) : (
        <ul>
          {pairs.map(({ features, cosine }) => (
            <li key={features.join("-")} className={classes.members}>
              {features.map((feature) => (
                <button
                  key={feature}
                  type="button"
                  aria-label={`Open feature ${feature}`}
                  onClick={() => onFeature(feature)}
                >
                  {feature}
                </button>
              ))}
              <small>{fixed(cosine, 2)}</small>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
