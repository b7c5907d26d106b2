import { Button } from "@mantine/core";

import { fixed, num, percent, unbroken } from "@/lib/format";
import type { Dashboard, Model } from "@/lib/types";
import { useView } from "@/lib/view";
import { CollectMenu } from "@/modules/collections/CollectMenu";
import { Star } from "@/modules/collections/Star";
import { LiveLink } from "@/modules/live/LiveLink";
import { Explain } from "@/ui/Explain";
import { Facts } from "@/ui/Facts";
import { Block, Failure } from "@/ui/States";

import { useDashboard } from "../api";
import { Badges } from "../Badges";
import { ActionEffects } from "./ActionEffects";
import { ClosedLoop } from "./ClosedLoop";
import { Exemplars } from "./Exemplars";
import { Histogram } from "./Histogram";
import { Nearest } from "./Nearest";
import { NoteForm } from "./NoteForm";
import { PhaseCurve } from "./PhaseCurve";
import { useExample } from "./use-example";
import classes from "./Page.module.css";

interface Props {
  model: Model;
  feature: number;
  onFeature: (feature: number) => void;
  /** The push that is set for it, by the slider or stored. */
  alpha: number | undefined;
  starred: boolean;
  onStar: (feature: number, starred: boolean) => void;
}

/** Everything about one feature. */
export function FeaturePage({ feature, ...props }: Props) {
  const { model } = props;
  const { data, error, refetch } = useDashboard(model, feature);
  return (
    <article className={classes.page} aria-label={`Feature ${feature}`}>
      {data ? (
        <Content {...props} data={data} />
      ) : error ? (
        <Failure
          error={error}
          onRetry={() => void refetch()}
          title={`Feature ${feature} could not be read`}
        />
      ) : (
        <Block height={640} label={`Reading feature ${feature}`} />
      )}
    </article>
  );
}

type ContentProps = Omit<Props, "feature"> & { data: Dashboard };

function Content({ model, data, onFeature, alpha, starred, onStar }: ContentProps) {
  const example = useExample(data);
  const { openSection } = useView();
  const steer = () => openSection("perturb", { feature: data.feature_idx });
  return (
    <>
      <header className={classes.top}>
        <div>
          <h3>
            Feature {data.feature_idx}
            {data.note.name && <span>: {data.note.name}</span>}
          </h3>
          <Badges badges={data.badges} tags={data.note.tags} />
        </div>
        <div className={classes.steer}>
          <Star feature={data.feature_idx} starred={starred} onStar={onStar} />
          <CollectMenu model={model} feature={data.feature_idx} />
          <LiveLink feature={data.feature_idx} />
          <Button size="xs" onClick={steer}>
            Steer
          </Button>
        </div>
      </header>
      <Name data={data} />
      <Facts columns={3} facts={factsOf(data)} />
      <Histogram histogram={data.histogram} example={example} alpha={alpha} />
      <ActionEffects actions={data.actions} />
      {data.phase && <PhaseCurve phase={data.phase} leg={data.legs[0]} />}
      <ClosedLoop found={data.closed_loop} />
      <Exemplars model={model} data={data} example={example} />
      <Nearest nearest={data.nearest} onFeature={onFeature} />
      <NoteForm model={model} feature={data.feature_idx} note={data.note} />
    </>
  );
}

/** "when → does" with how far either half can be trusted; or why there is no name. */
function Name({ data: { name, statistics } }: { data: Dashboard }) {
  const named = name.text !== "unnamed";
  return (
    <div className={classes.name}>
      <p data-unnamed={!named}>{named ? unbroken(name.text) : "unnamed"}</p>
      <small>
        {named ? (
          <>
            {name.when.text === null ? (
              name.when.reason
            ) : (
              <>
                AUROC {fixed(name.when.auroc, 2)}
                <Explain term="auroc" />,
              </>
            )}{" "}
            effect at percentile {fixed(statistics.output_percentile, 0)} of random directions{" "}
            <Explain term="output_percentile" />
          </>
        ) : (
          (name.when.reason ?? "No rule tells when it fires, and it moves no action beyond chance.")
        )}
      </small>
    </div>
  );
}

function factsOf({ statistics: s }: Dashboard) {
  return [
    { label: "density", value: percent(s.density, 1), term: "density" as const },
    { label: "mean when active", value: num(s.mean_active, 3), note: `max ${num(s.max_activation, 3)}` },
    { label: "effect, all actions", value: fixed(s.ablation_pooled, 3), note: "SD", term: "ablation_effect" as const },
    { label: "percentile", value: fixed(s.output_percentile, 1), note: `isotropic ${fixed(s.output_percentile_isotropic, 1)}`, term: "output_percentile" as const },
    { label: "episodes", value: percent(s.coverage, 0), term: "coverage" as const },
    { label: "onsets / episode", value: fixed(s.onsets, 1), note: s.onset_rate === null ? undefined : `${fixed(s.onset_rate, 2)}\u00a0Hz`, term: "onsets" as const },
  ]; // prettier-ignore
}
