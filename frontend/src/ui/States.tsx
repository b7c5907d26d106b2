import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";

import { messageOf } from "@/lib/errors";

import { Icon } from "./Icon";
import classes from "./States.module.css";

interface EmptyProps {
  title: string;
  children: ReactNode;
  action?: ReactNode;
  art?: ReactNode;
}

/** Nothing here yet: says what will appear and names the next step. */
export function Empty({ title, children, action, art }: EmptyProps) {
  return (
    <div className={classes.empty}>
      {art}
      <div className={classes.emptyText}>
        <h3>{title}</h3>
        <p>{children}</p>
        {action}
      </div>
    </div>
  );
}

interface FailureProps {
  error: unknown;
  onRetry?: () => void;
  title?: string;
  /** Shown in place of the sentence, where the server says more. */
  children?: ReactNode;
}

/** The server's own sentence, and a way to try again. */
export function Failure({ error, onRetry, title, children }: FailureProps) {
  return (
    <div className={classes.failure} role="alert">
      <Icon name="warning" />
      <div className={classes.failureText}>
        {title && <strong>{title}</strong>}
        {children ?? <p>{messageOf(error)}</p>}
      </div>
      {onRetry && (
        <Button size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Notice({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.notice}>
      <Icon name="warning" />
      <div className={classes.noticeText}>{children}</div>
      {action}
    </div>
  );
}

/** A quiet stand-in with the height of what is coming, so that nothing jumps. */
export function Lines({
  rows,
  height = 16,
  gap = 12,
  label,
}: {
  rows: number;
  height?: number;
  gap?: number;
  label: string;
}) {
  return (
    <div role="status" aria-label={label} style={{ display: "grid", gap }}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton
          key={row}
          className={classes.still}
          height={height}
          radius={4}
          width={`${100 - ((row * 7) % 18)}%`}
        />
      ))}
    </div>
  );
}

/** Without a label it is one of several, of which the whole says what is coming. */
export function Block({ height, label }: { height: number | string; label?: string }) {
  return (
    <div role={label && "status"} aria-label={label} className={classes.block} style={{ height }}>
      <Skeleton className={classes.still} height="100%" radius={8} />
      <span className={classes.what} aria-hidden="true">
        {label}
      </span>
    </div>
  );
}
