import { ApiError } from "@/lib/errors";
import { Failure } from "@/ui/States";

import classes from "./Upload.module.css";

const PARTS = { found: "Found", expected: "Expected", remedy: "What would work" } as const;

/** Why a file was refused: what was found, expected and would work, or else the server's one sentence. */
export function Refusal({ error, name, onRetry }: { error: unknown; name: string; onRetry: () => void }) {
  const fields = error instanceof ApiError ? error.fields : {};
  const told = Object.entries(PARTS).filter(([part]) => fields[part]);
  const title = `${name} could not be opened`;
  if (!told.length) return <Failure error={error} title={title} onRetry={onRetry} />;
  return (
    <Failure error={error} title={title} onRetry={onRetry}>
      <dl className={classes.refusal}>
        {told.map(([part, label]) => (
          <div key={part}>
            <dt>{label}</dt>
            <dd>{fields[part]}</dd>
          </div>
        ))}
      </dl>
    </Failure>
  );
}
