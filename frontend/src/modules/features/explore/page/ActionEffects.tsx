import { fixed, signed } from "@/lib/format";
import type { Dashboard } from "@/lib/types";
import { Explain } from "@/ui/Explain";
import { Saveable } from "@/ui/Saveable";

import { actionsSentence } from "./sentence";
import classes from "./Page.module.css";

/** Mean change of each action while the feature is active, over the band that random directions reach. */
export function ActionEffects({ actions }: { actions: Dashboard["actions"] }) {
  const scale = Math.max(
    1e-12,
    ...actions.map(({ ablation_mean: mean, chance }) => Math.max(Math.abs(mean ?? 0), chance ?? 0)),
  );
  const sentence = actionsSentence(actions);
  const share = (value: number) => `${(50 * value) / scale}%`;
  return (
    <section className={classes.part}>
      <h4>
        Effect on each action <Explain term="chance_band" />
      </h4>
      <p className={classes.quiet}>{sentence}</p>
      <Saveable title="Effect on each action" as="table">
        <table className={classes.effects} aria-label={sentence}>
          <thead>
            <tr>
              <th scope="col">Action</th>
              <th scope="col">Mean; band: chance</th>
              <th scope="col">
                RMS, SD <Explain term="ablation_effect" />
              </th>
              <th scope="col">
                per α <Explain term="local_gain" />
              </th>
            </tr>
          </thead>
          <tbody>
            {actions.map(({ name, ablation_effect, ablation_mean, local_gain, chance }) => {
              const mean = ablation_mean ?? 0;
              const beyond = chance !== null && Math.abs(mean) > chance;
              const side = mean < 0 ? "neg" : "pos";
              return (
                <tr key={name} data-beyond={beyond}>
                  <th scope="row">{name}</th>
                  <td>
                    <span className={classes.effect}>
                      <span>{signed(ablation_mean, 3)}</span>
                      <span className={classes.track} aria-hidden="true">
                        {chance !== null && (
                          <i
                            className={classes.band}
                            style={{
                              width: `${(100 * chance) / scale}%`,
                              left: `calc(50% - ${share(chance)})`,
                            }}
                          />
                        )}
                        <i data-side={side} style={{ width: share(Math.abs(mean)) }} />
                      </span>
                      <span className="visually-hidden">
                        {chance === null ? "" : `chance reaches ±${fixed(chance, 3)}`}
                      </span>
                    </span>
                  </td>
                  <td>{fixed(ablation_effect, 3)}</td>
                  <td>{signed(local_gain, 3)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Saveable>
    </section>
  );
}
