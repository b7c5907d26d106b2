import { Select } from "@mantine/core";
import { useState } from "react";

import { decimalsFor, fixed } from "@/lib/format";
import type { Run } from "@/lib/types";
import { LazyPart } from "@/ui/Boundary";
import { Block, Failure } from "@/ui/States";

import { useReplay, useScene } from "./api";
import { playerAtHand } from "./loader";
import { useWatch } from "./use-watch";
import { VideoExport } from "./VideoExport";
import classes from "./Replay.module.css";

/** Watch the scored episodes of a run, all arms of one seed together. */
export function ReplayPanel({ run }: { run: Run }) {
  const [ReplayPlayer] = useState(playerAtHand);
  const scene = useScene(run.id);
  const address = useWatch(run.id);
  const { watch, setWatch } = address;
  const seeds = scene.data?.seeds;
  const seed = watch.seed !== undefined && seeds?.includes(watch.seed) ? watch.seed : seeds?.[0];
  const names = run.arms.map(({ name }) => name);
  const replay = useReplay(run.id, seed, names);
  const error = scene.error ?? replay.error;

  return (
    <section className={classes.replay} aria-label="Replay">
      <header className={classes.head}>
        <div>
          <h3>Watch</h3>
          <p>The very episodes that were scored, from their recorded steps.</p>
        </div>
        {scene.data && scene.data.seeds.length > 1 && (
          <Select
            size="xs"
            w={250}
            label="Seed"
            allowDeselect={false}
            value={String(seed)}
            onChange={(value) => value !== null && setWatch({ seed: Number(value), step: undefined })}
            data={scene.data.seeds.map((each) => ({ value: String(each), label: seedLabel(run, each) }))}
          />
        )}
      </header>
      {error ? (
        <Failure
          error={error}
          onRetry={() => void (scene.error ? scene : replay).refetch()}
          title="The replay could not be read"
        />
      ) : scene.data && replay.data ? (
        <>
          <LazyPart
            title="The player could not be opened"
            fallback={<Block height={520} label="Opening the player" />}
          >
            <ReplayPlayer
              key={[seed, ...names].join()}
              run={run}
              scene={scene.data}
              replay={replay.data}
              address={address}
            />
          </LazyPart>
          <details className={classes.exportBox}>
            <summary>Export this seed as a video file</summary>
            <VideoExport key={seed} run={run} seed={replay.data.seed} />
          </details>
        </>
      ) : (
        <Block height={520} label="Reading the recorded steps" />
      )}
    </section>
  );
}

function seedLabel(run: Run, seed: number): string {
  const returns = run.arms.map((arm) => arm.episodes.find((episode) => episode.seed === seed)?.return);
  const decimals = decimalsFor(returns.map((value) => value ?? 0));
  return `${String(seed)}: ${returns.map((value) => fixed(value, decimals)).join(" → ")}`;
}
