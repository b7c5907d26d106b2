import { signed } from "@/lib/format";
import type { Dashboard } from "@/lib/types";
import { Bar } from "@/ui/Bar";

import classes from "./Page.module.css";

interface Props {
  nearest: Dashboard["nearest"];
  onFeature: (feature: number) => void;
}

/** Features that write alike, and features that fire together; a click opens one. */
export function Nearest({ nearest, onFeature }: Props) {
  const lists = [
    { title: "Decoder cosine", found: nearest.cosine },
    { title: "Co-activation φ", found: nearest.coactivation },
  ];
  return (
    <section className={classes.part}>
      <h4>Nearest features</h4>
      <div className={classes.pair}>
        {lists.map(({ title, found }) => (
          <div key={title}>
            <h5>{title}</h5>
            <ul className={classes.nearest}>
              {found.map(({ feature_idx, similarity }) => (
                <li key={feature_idx}>
                  <button
                    type="button"
                    aria-label={`Open feature ${feature_idx}`}
                    onClick={() => onFeature(feature_idx)}
                  >
                    {feature_idx}
                  </button>
                  <Bar value={similarity} scale={1} signed />
                  <span>{signed(similarity, 2)}</span>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}
