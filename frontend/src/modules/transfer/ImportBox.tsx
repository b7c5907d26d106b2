import { Button, Progress } from "@mantine/core";
import { useRef } from "react";

import { bytes, plural } from "@/lib/format";
import type { ImportReport } from "@/lib/types";
import type { Sent } from "@/lib/upload";
import { FileDrop } from "@/ui/FileDrop";
import { Refusal } from "@/ui/Refusal";

import { useImport } from "./api";
import classes from "./Transfer.module.css";

interface Props {
  onOpen?: (model: string) => void;
}

/** Takes a workspace in and says what came. */
export default function ImportBox({ onOpen }: Props) {
  const take = useImport();
  const input = useRef<HTMLInputElement>(null);
  const send = (file: File) => take.mutate(file);
  return (
    <div className={classes.box}>
      <FileDrop
        id="workspace-file"
        inputRef={input}
        accept=".zip"
        compact
        title="Drop a workspace here, or choose a file"
        hint={hintOf(take.isPending, take.sent)}
        reading={take.isPending ? take.variables.name : null}
        onFiles={([file]) => file && send(file)}
      />
      {take.sent && (
        <Progress
          value={(100 * take.sent.bytes) / take.sent.of}
          size="sm"
          aria-label="Share of the file sent"
        />
      )}
      {take.error && (
        <Refusal
          error={take.error}
          name={take.variables.name}
          failed="could not be taken in"
          onChoose={() => input.current?.click()}
          onRetry={() => send(take.variables)}
        />
      )}
      {take.data && <Report report={take.data} onOpen={onOpen} />}
    </div>
  );
}

/** What happens to the file now. */
export function hintOf(pending: boolean, sent: Sent | null): string {
  if (!pending) return "Checked like an upload; nothing here is overwritten";
  if (sent === null || sent.bytes < sent.of)
    return sent === null ? "Sending" : `Sent ${bytes(sent.bytes)} of ${bytes(sent.of)}`;
  return `All ${bytes(sent.of)} sent; every hash, policy and SAE is checked now`;
}

function Report({ report, onOpen }: { report: ImportReport } & Props) {
  const renamed = Object.keys(report.renamed).length;
  return (
    <div className={classes.report} role="status">
      <p>{report.sentence}</p>
      {report.analysing.length > 0 && (
        <p>
          {plural(report.analysing.length, "model")} had features analysed: that is done again here now, from
          what came in. See Jobs.
        </p>
      )}
      {renamed > 0 && (
        <details>
          <summary>{plural(renamed, "new id")}</summary>
          <ul>
            {Object.entries(report.renamed).map(([was, here]) => (
              <li key={was} className="mono">
                {was} → {here}
              </li>
            ))}
          </ul>
        </details>
      )}
      {onOpen && (
        <div className={classes.models}>
          {report.models.map(({ id, name, new: isNew }) => (
            <Button key={id} size="compact-sm" variant="default" onClick={() => onOpen(id)}>
              Open {name}
              {!isNew && " (was here)"}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}
