import { Button, SegmentedControl, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Icon } from "@/ui/Icon";
import { Block, Failure } from "@/ui/States";

import type { Player } from "../player";
import type { Watch } from "../use-watch";
import { saveLayers, useLayers } from "./api";
import { LayerMaps } from "./LayerMaps";
import classes from "./Activations.module.css";

interface Props {
  runId: string;
  seed: number;
  arms: string[];
  player: Player;
  address: Watch;
}

const ALONE = "";

const known = (arms: string[], name: string | undefined) => arms.find((each) => each === name);

/** Every unit of every layer on the replay's time bar: one arm, or two with their difference. */
export default function Activations({ runId, seed, arms, player, address: { watch, setWatch } }: Props) {
  const layers = useLayers(runId, seed);
  const arm = known(arms, watch.arm) ?? known(arms, "baseline") ?? arms[0] ?? "";
  const rest = arms.filter((name) => name !== arm);
  const other = watch.beside === ALONE ? ALONE : (known(rest, watch.beside) ?? rest[0] ?? ALONE);
  const order = watch.order ?? "peak";
  const save = useMutation({ mutationFn: () => saveLayers(runId, seed) });
  const failed = layers.find((layer) => layer.error);
  if (failed)
    return (
      <Failure
        error={failed.error}
        onRetry={() => void failed.refetch()}
        title="The activations could not be read"
      />
    );
  return (
    <div className={classes.activations}>
      <div className={classes.controls}>
        <Select
          size="xs"
          label="Arm"
          allowDeselect={false}
          value={arm}
          onChange={(name) =>
            name !== null && setWatch({ arm: name, beside: name === other ? ALONE : other })
          }
          data={arms}
        />
        <Select
          size="xs"
          label="Beside"
          allowDeselect={false}
          value={other}
          onChange={(name) => name !== null && setWatch({ beside: name })}
          data={[{ value: ALONE, label: "nothing" }, ...rest]}
        />
        <SegmentedControl
          size="xs"
          aria-label="Order of the units"
          value={order}
          onChange={(value) => setWatch({ order: value === "number" ? value : undefined })}
          data={[
            { value: "peak", label: "By time of peak" },
            { value: "number", label: "By number" },
          ]}
        />
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="download" size={13} />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          All layers, npz
        </Button>
        <Legend />
      </div>
      {save.error && <Failure error={save.error} title="The activations could not be saved" />}
      {layers.map((layer, index) =>
        layer.data ? (
          <LayerMaps
            key={index}
            runId={runId}
            seed={seed}
            data={layer.data}
            arm={arm}
            other={other === ALONE ? null : other}
            byPeak={order === "peak"}
            player={player}
          />
        ) : (
          <Block key={index} height={180} label="Reading a layer" />
        ),
      )}
    </div>
  );
}

function Legend() {
  return (
    <span className={classes.legend}>
      negative <i aria-hidden="true" /> positive; each layer on its own scale
    </span>
  );
}
