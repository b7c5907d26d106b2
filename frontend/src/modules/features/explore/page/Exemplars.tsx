import { SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { num, plural } from "@/lib/format";
import type { Clip, Dashboard } from "@/lib/types";

import { ClipDetail } from "./ClipDetail";
import { Trace } from "./Trace";
import classes from "./Page.module.css";

interface Group {
  title: string | null;
  clips: Clip[];
}

/** Which moments are on show; the strongest are never the only ones that can be looked at. */
function groupsOf(data: Dashboard, kind: string): Group[] {
  if (kind === "quantiles")
    return data.quantiles
      .filter(({ clips }) => clips.length > 0)
      .map(({ low, high, count, clips }) => ({
        title: `${num(low, 3)} to ${num(high, 3)}: ${plural(count, "state")}`,
        clips,
      }));
  const clips = kind === "top" ? data.top : kind === "active" ? data.random_active : data.random_inactive;
  return [{ title: null, clips }];
}

const KINDS = [
  { value: "top", label: "Top" },
  { value: "quantiles", label: "By strength" },
  { value: "active", label: "Random active" },
  { value: "inactive", label: "Random silent" },
];

/** Moments of the cached episodes, half a second to each side, with what the policy did. */
export function Exemplars({ data }: { data: Dashboard }) {
  const [kind, setKind] = useState("top");
  const [row, setRow] = useState<number | null>(null);
  const groups = groupsOf(data, kind);
  const clips = groups.flatMap((group) => group.clips);
  const chosen = clips.find((clip) => clip.row === row) ?? clips[0];
  const peak = data.statistics.max_activation ?? 1;
  return (
    <section className={classes.part}>
      <h4>Examples</h4>
      <SegmentedControl
        size="xs"
        aria-label="Which examples"
        value={kind}
        onChange={(next) => {
          setKind(next);
          setRow(null);
        }}
        data={KINDS}
      />
      {chosen ? (
        <ClipDetail
          clip={chosen}
          names={data.actions.map((action) => action.name)}
          legs={data.legs}
          dt={data.dt}
          peak={peak}
        />
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
                    onClick={() => setRow(clip.row)}
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
