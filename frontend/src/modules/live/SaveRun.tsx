import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { plural } from "@/lib/format";
import type { EnvInfo, Episode, Model } from "@/lib/types";
import { runQuery, useStartRun } from "@/modules/runs/api";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Panel } from "@/ui/Panel";
import { Failure } from "@/ui/States";

import { BY_HAND, runOf, type Recording } from "./recording";
import type { Session, Shown } from "./session";
import classes from "./Live.module.css";

interface Props {
  model: Model;
  env: EnvInfo;
  session: Session;
  shown: Shown;
  onRun: (runId: string) => void;
}

/** What this page saw of the episode that was sent. */
type Sent = Pick<Episode, "length" | "fell">;

const STARTS = ["1", "16"];

/** The recorded α(t) as a run: the discovery becomes something anyone can play again. */
export function SaveRun({ model, env, session, shown, onRun }: Props) {
  const [episodes, setEpisodes] = useState("1");
  const [sent, setSent] = useState<Sent | null>(null);
  const start = useStartRun(model.id);
  const { recording } = session;
  const pushed = recording.pushed.length > 0;
  const shoved = recording.state !== null;

  const save = () => {
    session.pause();
    const { ending, steps } = recording;
    setSent({ length: ending?.steps ?? steps, fell: ending?.fell ?? false });
    start.mutate(
      runOf(recording, {
        env: env.id,
        weights: model.n_edits > 0 ? "edited" : "original",
        episodes: Number(episodes),
        limit: session.limit,
      }),
    );
  };

  return (
    <Panel
      id="live-save"
      title="Save as a run"
      lead="The server plays the same start with the α of every step, and stores it."
    >
      <div className={classes.stack}>
        <p className={classes.sentence}>{describe(recording, shown)}</p>
        <div className={classes.row}>
          <SegmentedControl
            size="xs"
            aria-label="Starts to play"
            disabled={shoved}
            value={shoved ? "1" : episodes}
            onChange={setEpisodes}
            data={STARTS.map((value) => ({ value, label: value === "1" ? "this start" : `${value} starts` }))}
          />
          <Button size="xs" onClick={save} disabled={!pushed} loading={start.isPending}>
            Save as a run
          </Button>
        </div>
        {start.error && <Failure error={start.error} title="The run was refused" />}
        {start.data && sent && (
          <Outcome key={start.data.run_id} accepted={start.data} sent={sent} onRun={onRun} />
        )}
      </div>
    </Panel>
  );
}

function describe(recording: Recording, { start }: Shown): string {
  const { pushed, steps, ending, state } = recording;
  if (pushed.length === 0)
    return "Nothing is recorded yet: press Start and move α. Each step keeps the α it was played with.";
  const what = pushed.map(({ feature }) => `feature ${feature}`).join(", ");
  const from = state
    ? "from the end of the shove, since a shove cannot be sent"
    : `from ${start?.kind === "cached" ? "mid-gait start" : "seed"} ${String(start?.seed)}`;
  const end = ending?.fell ? `, to the fall at step ${String(ending.steps)}` : "";
  return `${plural(steps, "step")} of α on ${what}, ${from}${end}.`;
}

interface OutcomeProps {
  accepted: { run_id: string; job_id: string };
  sent: Sent;
  onRun: (runId: string) => void;
}

/** What the server found, beside what was seen here. */
function Outcome({ accepted, sent, onRun }: OutcomeProps) {
  const job = useJob(accepted.job_id);
  const state = job.data?.state;
  const run = useQuery({ ...runQuery(accepted.run_id), enabled: state === "done" });
  const found = run.data?.arms.find((arm) => arm.name === BY_HAND)?.episodes[0];
  return (
    <div className={classes.outcome} role="status">
      <p>{found ? verdict(sent, found) : `The run is ${state && isFinished(state) ? state : "playing"}.`}</p>
      <Button size="xs" variant="default" disabled={!found} onClick={() => onRun(accepted.run_id)}>
        Open the run
      </Button>
    </div>
  );
}

const how = ({ length, fell }: Pick<Episode, "length" | "fell">) =>
  fell ? `fell at step ${length}` : `stood for ${plural(length, "step")}`;

function verdict(here: Sent, there: Episode): string {
  const same = there.length === here.length && there.fell === here.fell;
  return `On the server it ${how(there)}${same ? ", exactly as here." : `; here it ${how(here)}. The run is the record.`}`;
}
