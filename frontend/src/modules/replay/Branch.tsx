import { Button, Select } from "@mantine/core";
import { useState } from "react";

import type { Run } from "@/lib/types";
import { useView } from "@/lib/view";
import { useStartRun } from "@/modules/runs/api";
import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import type { Replay } from "./decode";
import { usePlayer, type Player } from "./player";
import classes from "./Replay.module.css";

interface Props {
  run: Pick<Run, "id" | "model_id" | "env" | "max_steps">;
  replay: Replay;
  player: Player;
}

/** Plays on from the state on show: the baseline, and beside it whatever is stored as the perturbation now. */
export function Branch({ run, replay, player }: Props) {
  const { step } = usePlayer(player);
  const { openSection } = useView();
  const start = useStartRun(run.model_id);
  const names = replay.arms.map((arm) => arm.name);
  const [chosen, setChosen] = useState(names.includes("baseline") ? "baseline" : names[0]);
  const arm = replay.arms.find(({ name }) => name === chosen);
  const over = !arm || step >= arm.length;
  const begin = () => {
    player.pause();
    start.mutate(
      {
        env: run.env,
        episodes: 1,
        seed: replay.seed,
        max_steps: run.max_steps - step,
        start: { kind: "run", run_id: run.id, arm: chosen, seed: replay.seed, step },
      },
      { onSuccess: ({ run_id }) => openSection("compare", { run: run_id }) },
    );
  };
  return (
    <div className={classes.branch}>
      {names.length > 1 && (
        <Select
          size="xs"
          w={170}
          aria-label="Arm whose state is taken"
          allowDeselect={false}
          value={chosen ?? null}
          onChange={(name) => name !== null && setChosen(name)}
          data={names}
        />
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="branch" size={14} />}
        disabled={over}
        loading={start.isPending}
        onClick={begin}
      >
        Re-run from step {step}
      </Button>
      <span>
        {over
          ? "This arm's episode is over here."
          : "The saved simulator state, played on with the stored perturbation and without."}
      </span>
      {start.error && <Failure error={start.error} title="It could not be re-run from here" />}
    </div>
  );
}
