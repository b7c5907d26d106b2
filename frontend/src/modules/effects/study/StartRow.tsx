import { Button } from "@mantine/core";

import { duration } from "@/lib/format";
import type { Accepted } from "@/lib/types";
import { Reused } from "@/modules/runs/RunForm";
import { Failure } from "@/ui/States";
import { ToDefaults } from "@/ui/ToDefaults";

import classes from "../Effects.module.css";

interface Props {
  label: string;
  size: string;
  disabled: boolean;
  pending: boolean;
  error: unknown;
  accepted: Accepted | undefined;
  onRetry: () => void;
  onAgain: () => void;
  onReset: (() => void) | undefined;
}

/** The button with what it costs before, and what the server answered after. */
export function StartRow(props: Props) {
  const { accepted } = props;
  return (
    <>
      <div className={classes.start}>
        <Button type="submit" disabled={props.disabled} loading={props.pending}>
          {props.label}
        </Button>
        <p>
          {props.size}
          {accepted?.estimate_s ? ` About ${duration(accepted.estimate_s)}, judged by earlier ones.` : ""}
          <ToDefaults onReset={props.onReset} />
        </p>
      </div>
      {props.error !== null && props.error !== undefined && (
        <Failure error={props.error} onRetry={props.onRetry} />
      )}
      {accepted?.reused && <Reused onAgain={props.onAgain} />}
    </>
  );
}
