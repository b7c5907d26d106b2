import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { ApiError, messageOf } from "@/lib/errors";

import { Icon } from "./Icon";
import classes from "./Refusal.module.css";

const PARTS = { found: "Found", remedy: "What would work", expected: "Accepted here" } as const;
/** Of the file itself; any other failure may pass by itself, so the same file is worth another try. */
const OF_THE_FILE = [400, 413, 422];

interface Props {
  error: unknown;
  /** Of the file, or of several. */
  name: string;
  /** What did not happen. */
  failed?: string;
  onChoose: () => void;
  onRetry: () => void;
  /** A way out beside another file. */
  action?: ReactNode;
}

/** Why a file was refused: what was found, what would work and what is accepted, or else the server's one sentence. */
export function Refusal(props: Props) {
  const { error, name, failed = "could not be opened", onChoose, onRetry, action } = props;
  const fields = error instanceof ApiError ? error.fields : {};
  const told = Object.entries(PARTS).filter(([part]) => fields[part]);
  const refused = error instanceof ApiError && OF_THE_FILE.includes(error.status);
  return (
    <div className={classes.refusal} role="alert">
      <p className={classes.title}>
        <Icon name="warning" />
        <span>
          <strong>{name}</strong> {failed}
        </span>
      </p>
      <div className={classes.body}>
        {told.length > 0 ? (
          <dl className={classes.parts}>
            {told.map(([part, label]) => (
              <div key={part} data-part={part}>
                <dt>{label}</dt>
                <dd>{fields[part]}</dd>
              </div>
            ))}
          </dl>
        ) : (
          <p>{withoutName(messageOf(error), name)}</p>
        )}
        <div className={classes.buttons}>
          {action}
          <Button size="xs" variant="default" onClick={refused ? onChoose : onRetry}>
            {refused ? "Choose another file" : "Try again"}
          </Button>
        </div>
      </div>
    </div>
  );
}

/** The title names the file already. */
function withoutName(message: string, name: string): string {
  const prefix = `${name}: `;
  if (!message.startsWith(prefix)) return message;
  const rest = message.slice(prefix.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
