import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { count, decimalsFor, fixed, signed } from "@/lib/format";
import type { Episode, Run } from "@/lib/types";
import { ArmName } from "@/ui/ArmName";
import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import { downloadCsv } from "./api";
import { toneColor, toneOf } from "./arms";
import { pairedDifference, seedRows, valuesOf } from "./pairs";
import classes from "./Compare.module.css";

interface Props {
  run: Run;
  hovered: number | null;
  onHover: (seed: number | null) => void;
}

export function SeedTable({ run, hovered, onHover }: Props) {
  const csv = useMutation({ mutationFn: () => downloadCsv(run.id) });
  const rows = seedRows(run.arms);
  const decimals = decimalsFor(valuesOf(run.arms, "return"));
  return (
    <div className={classes.seeds}>
      <div className={classes.figureHead}>
        <h3>Every episode</h3>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Icon name="download" size={14} />}
          loading={csv.isPending}
          onClick={() => csv.mutate()}
        >
          Download CSV
        </Button>
      </div>
      {csv.error && <Failure error={csv.error} onRetry={() => csv.mutate()} />}
      <div className={classes.seedScroll} tabIndex={0} role="region" aria-label="Episodes per seed">
        <table className={classes.seedTable}>
          <thead>
            <tr>
              <th scope="col">Seed</th>
              {run.arms.map((arm) => (
                <th key={arm.name} scope="col" colSpan={2}>
                  <ArmName color={toneColor(toneOf(arm))}>{arm.name}</ArmName>
                </th>
              ))}
              {run.arms.slice(1).map((arm) => (
                <th key={arm.name} scope="col">
                  {run.arms.length > 2 ? `Difference, ${arm.name}` : "Difference"}
                </th>
              ))}
            </tr>
          </thead>
          <tbody onMouseLeave={() => onHover(null)}>
            {rows.map((row) => (
              <tr key={row.seed} data-hot={row.seed === hovered} onMouseEnter={() => onHover(row.seed)}>
                <th scope="row">{row.seed}</th>
                {row.episodes.map((episode, index) => (
                  <EpisodeCells key={index} episode={episode} decimals={decimals} />
                ))}
                {run.arms.slice(1).map((arm, index) => (
                  <td key={arm.name}>{signed(pairedDifference(row, index + 1), decimals)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function EpisodeCells({ episode, decimals }: { episode: Episode | undefined; decimals: number }) {
  if (!episode) return <td colSpan={2}>none</td>;
  return (
    <>
      <td>{fixed(episode.return, decimals)}</td>
      <td className={classes.length}>
        {count(episode.length)} steps{episode.fell && ", fell"}
      </td>
    </>
  );
}
