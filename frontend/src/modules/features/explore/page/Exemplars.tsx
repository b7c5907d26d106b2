import { SegmentedControl } from "@mantine/core";

import { num } from "@/lib/format";
import type { Dashboard, Model } from "@/lib/types";

import { ClipDetail } from "./ClipDetail";
import { Trace } from "./Trace";
import { KINDS, type Example } from "./use-example";
import classes from "./Page.module.css";

interface Props {
  model: Model;
  data: Dashboard;
  example: Example;
}

/** Moments of the cached episodes, half a second to each side, with what the policy did. */
export function Exemplars({ model, data, example }: Props) {
  const { kind, show, groups, chosen, choose, player } = example;
  const peak = data.statistics.max_activation ?? 1;
  return (
    <section className={classes.part}>
      <h4>Examples</h4>
      <SegmentedControl size="xs" aria-label="Which examples" value={kind} onChange={show} data={KINDS} />
      {data.undrawn === null && chosen && (
        <p className={classes.quiet}>
          {data.dt === null
            ? "A few steps to each side, drawn from the cached observations."
            : "Half a second to each side, at half speed; the body is coloured by the activation. Poses follow from the cached observations."}
        </p>
      )}
      {chosen ? (
        <ClipDetail model={model} data={data} clip={chosen} player={player} peak={peak} />
      ) : (
        <p className={classes.quiet}>There are no such moments in the cached states.</p>
      )}
      <div className={classes.groups}>
        {groups.map(({ title, clips: shown }) => (
          <div key={title ?? kind}>
            {title && <h5>{title}</h5>}
            <ul className={classes.clips}>
              {shown.map((clip) => (
                <li key={clip.row}>
                  <button
                    type="button"
                    aria-pressed={clip === chosen}
                    aria-label={`Episode ${clip.episode}, step ${clip.step}, activation ${num(clip.value, 3)}`}
                    onClick={() => choose(clip.row)}
                  >
                    <Trace
                      values={clip.latent}
                      low={0}
                      high={peak}
                      at={clip.row - clip.start}
                      height={26}
                      fill
                    />
                    <small>
                      e{clip.episode} · {clip.step}
                    </small>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}
