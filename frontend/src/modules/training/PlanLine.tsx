import { CopyButton, UnstyledButton } from "@mantine/core";

import { ApiError } from "@/lib/errors";
import { count, duration, plural } from "@/lib/format";
import type { SweepPlan } from "@/lib/types";
import { Failure, Lines } from "@/ui/States";

import classes from "./Training.module.css";

interface Props {
  plan: SweepPlan | undefined;
  error: unknown;
  onRetry: () => void;
}

/** What the form amounts to, before anything is started. */
export function PlanLine({ plan, error, onRetry }: Props) {
  if (error) {
    const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
    const title = refused ? "This cannot be trained" : "What this would train is not known";
    return <Failure error={error} onRetry={onRetry} title={title} />;
  }
  if (!plan) return <Lines rows={2} label="Working out what this would train" />;
  return (
    <div className={classes.plan}>
      <p>
        {plural(plan.cells.length, "SAE")} on a tap {plan.d_in} wide, {count(plan.steps)} steps of{" "}
        {count(plan.batch)} each, {count(plan.vectors)} vectors in all, then each is played in place of the
        layer.{" "}
        {plan.done
          ? "This sweep is finished already."
          : plan.estimate_s === null
            ? "No earlier sweep to judge its duration by."
            : `About ${duration(plan.estimate_s)}, judged by earlier sweeps.`}
      </p>
      <Command text={plan.command} />
    </div>
  );
}

/** The command that does what is on screen. */
export function Command({ text }: { text: string }) {
  return (
    <div className={classes.command}>
      <code>{text}</code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <UnstyledButton onClick={copy} className={classes.copy}>
            {copied ? "Copied" : "Copy command"}
          </UnstyledButton>
        )}
      </CopyButton>
    </div>
  );
}
