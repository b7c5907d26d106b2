import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";

import { plural } from "@/lib/format";
import { activationWord } from "@/modules/models/network-layout";
import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import type { Units } from "../decode";
import type { Player } from "../player";
import { saveLayer } from "./api";
import { UnitMap } from "./UnitMap";
import { difference, largestOf, orderOf } from "./units";
import classes from "./Activations.module.css";

interface Props {
  runId: string;
  seed: number;
  data: Units;
  /** Names of the arm on show and of the one it is compared with. */
  arm: string;
  other: string | null;
  byPeak: boolean;
  player: Player;
}

/** One layer: an arm, beside it another and their difference if wanted. */
export function LayerMaps({ runId, seed, data, arm, other, byPeak, player }: Props) {
  const save = useMutation({ mutationFn: () => saveLayer(runId, seed, data.layer) });
  const shown = useMemo(() => {
    const of = (name: string | null) => data.arms.find((each) => each.name === name)?.signals.units;
    const [one, two] = [of(arm), of(other)];
    if (!one) return null;
    const apart = two && difference(two, one);
    return {
      one,
      two,
      apart,
      order: orderOf(one, byPeak),
      largest: largestOf(two ? [one, two] : [one]),
      furthest: apart ? largestOf([apart]) : 0,
    };
  }, [data, arm, other, byPeak]);
  const layer = data.layers[data.layer];
  if (!layer || !shown) return null;
  const { one, two, apart, order, largest, furthest } = shown;
  return (
    <section className={classes.layer} aria-label={layer.label}>
      <header>
        <h4>{layer.label}</h4>
        <p>
          {plural(layer.width, "unit")}
          {layer.activation && `, ${activationWord(layer.activation)}`}
          <Flag units={data.dead} word="never changing" />
          <Flag units={data.saturated} word="saturated" />
        </p>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Icon name="download" size={12} />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          CSV
        </Button>
      </header>
      {save.error && <Failure error={save.error} title="The layer could not be saved" />}
      <UnitMap label={arm} signal={one} order={order} largest={largest} player={player} />
      {two && other !== null && (
        <UnitMap label={other} signal={two} order={order} largest={largest} player={player} />
      )}
      {apart && other !== null && (
        <UnitMap
          label={`${other} − ${arm}`}
          signal={apart}
          order={order}
          largest={furthest}
          player={player}
        />
      )}
    </section>
  );
}

const NAMED = 8;

function Flag({ units, word }: { units: number[]; word: string }) {
  if (units.length === 0) return null;
  const named = units.slice(0, NAMED).join(", ");
  return (
    <span className={classes.flag}>
      {units.length} {word}: {named}
      {units.length > NAMED && ", …"}
    </span>
  );
}
