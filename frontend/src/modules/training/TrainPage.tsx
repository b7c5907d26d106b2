import type { Model, SweepSummary } from "@/lib/types";
import type { View } from "@/lib/view";
import { useEnvs } from "@/modules/runs/api";
import { startEnv } from "@/modules/runs/RunForm";
import { useTap } from "@/modules/saes/use-tap";
import { Panel } from "@/ui/Panel";
import { Block, Failure } from "@/ui/States";

import { usePlan, useStartSweep, useSweeps } from "./api";
import { missing, requestOf } from "./form";
import { PlanLine } from "./PlanLine";
import { SweepPanel } from "./SweepPanel";
import { TrainForm } from "./TrainForm";
import classes from "./Training.module.css";

interface Props {
  model: Model;
  view: View;
  onView: (patch: View) => void;
  onUsed: () => void;
}

const LEAD =
  "States are collected once; every SAE learns from the same ones and is judged by what it keeps of the behaviour.";

/** The form before it is there, field by field. */
function Fields() {
  return (
    <div className={classes.fields} role="status" aria-label="Opening the training page">
      {Array.from({ length: 18 }, (_, field) => (
        <div key={field} className={field % 9 === 0 ? classes.double : undefined}>
          <Block height={54} />
        </div>
      ))}
    </div>
  );
}

/** Train one SAE or a grid of them, watch them learn, keep the smallest that preserves behaviour. */
export default function TrainPage(props: Props) {
  const envs = useEnvs();
  const sweeps = useSweeps(props.model.id);
  const error = envs.error ?? sweeps.error;
  if (error || !envs.data || !sweeps.data)
    return (
      <Panel id="train" title="Train SAEs" lead={LEAD}>
        {error ? (
          <Failure
            error={error}
            onRetry={() => void Promise.all([envs.refetch(), sweeps.refetch()])}
            title={`The ${envs.error ? "environments" : "trainings"} could not be listed`}
          />
        ) : (
          <Fields />
        )}
      </Panel>
    );
  const { view, onView } = props;
  const sweep = view.sweep ?? sweeps.data[0]?.sweep_id;
  return (
    <div className={classes.page}>
      <Train {...props} envs={envs.data} sweeps={sweeps.data} />
      <SweepPanel
        model={props.model}
        sweeps={sweeps.data}
        id={sweep}
        beside={view.beside}
        onOpen={(id) => onView({ sweep: id, beside: view.beside === id ? undefined : view.beside })}
        onBeside={(beside) => onView({ beside })}
        onUsed={props.onUsed}
      />
    </div>
  );
}

type TrainProps = Props & { envs: Parameters<typeof startEnv>[1]; sweeps: SweepSummary[] };

function Train({ model, view, onView, envs, sweeps }: TrainProps) {
  const form = view.train ?? {};
  const env = form.env ?? startEnv(model, envs);
  const tap = useTap(model, view.tap) ?? 0;
  const request = requestOf(form, env, tap);
  const plan = usePlan(model.id, request);
  const start = useStartSweep(model.id, (sweep) => onView({ sweep }));
  return (
    <Panel id="train" title="Train SAEs" lead={LEAD}>
      <div className={classes.train}>
        <TrainForm
          model={model}
          envs={envs}
          sweeps={sweeps}
          form={form}
          onForm={(train) => onView({ train })}
          env={env}
          tap={tap}
          plan={plan.data}
          ready={request !== null && plan.isSuccess && !plan.isFetching}
          pending={start.isPending}
          onStart={() => request && start.mutate(request)}
        />
        {request === null ? (
          <p className={classes.conditions}>{missing(form, env)}</p>
        ) : (
          <PlanLine plan={plan.data} error={plan.error} onRetry={() => void plan.refetch()} />
        )}
        {start.error && <Failure error={start.error} title="The training was not started" />}
      </div>
    </Panel>
  );
}
