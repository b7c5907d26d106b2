import type { ReactNode } from "react";

import type { EnvInfo, Model, StudyKind } from "@/lib/types";
import { Failure } from "@/ui/States";

import { useStartStudy, type Body } from "../api";
import { StartRow } from "./StartRow";
import { MeasureSelect, RunFields } from "./StudyFields";
import type { CommonForm } from "./use-form";
import classes from "../Effects.module.css";

/** What every form of a study is given. */
export interface FormProps {
  model: Model;
  envs: EnvInfo[];
  feature: number | undefined;
  onStarted: (runId: string) => void;
}

interface Props<K extends StudyKind> extends Omit<FormProps, "feature"> {
  kind: K;
  form: CommonForm;
  /** Fewest seeds. */
  lowest: number;
  /** What is sent; null while something is missing. */
  request: Body[K] | null;
  label: string;
  /** What it costs, in words. */
  size: string;
  /** Fields before the measure, and between it and the environment. */
  lead?: ReactNode;
  children?: ReactNode;
}

/** The common half of the three forms: measure, environment, seeds, the button and what the server answered. */
export function StudyForm<K extends StudyKind>(props: Props<K>) {
  const { kind, model, envs, form, lowest, request, onStarted } = props;
  const start = useStartStudy(kind, model.id);
  const submit = (again = false) => {
    if (request === null) return;
    start.mutate({ ...request, again }, { onSuccess: (accepted) => onStarted(accepted.run_id) });
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className={classes.fields}>
        {props.lead}
        <MeasureSelect
          measures={form.measures.data?.measures ?? []}
          value={form.common.measure}
          onChange={(measure) => form.change({ measure })}
        />
        {props.children}
        <RunFields model={model} envs={envs} value={form.common} onChange={form.change} lowest={lowest} />
      </div>
      {form.measures.error && (
        <Failure
          error={form.measures.error}
          onRetry={() => void form.measures.refetch()}
          title="The measures could not be listed"
        />
      )}
      <StartRow
        label={props.label}
        size={props.size}
        disabled={request === null || !(form.seeds >= lowest)}
        pending={start.isPending}
        error={start.error}
        accepted={start.data}
        onRetry={() => submit()}
        onAgain={() => submit(true)}
        onReset={form.reset}
      />
    </form>
  );
}
