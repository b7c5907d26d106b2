import { Button } from "@mantine/core";

import type { Model, SaeWarning } from "@/lib/types";
import { Failure, Notice } from "@/ui/States";

import { useApplyFix } from "./api";
import classes from "./Sae.module.css";

interface Props {
  model: Model;
  warnings: SaeWarning[];
  onFixed: () => void;
}

/** Each warning with the one click that settles it; the request comes from the server with the warning. */
export function SaeWarnings({ model, warnings, onFixed }: Props) {
  const apply = useApplyFix(model.id, onFixed);
  if (warnings.length === 0) return null;
  return (
    <ul className={classes.warnings} aria-label="Warnings">
      {warnings.map((warning) => {
        const { fix } = warning;
        return (
          <li key={warning.code + warning.message}>
            <Notice
              action={
                fix && (
                  <Button
                    size="xs"
                    variant="default"
                    className={classes.fix}
                    loading={apply.isPending && apply.variables === fix}
                    onClick={() => apply.mutate(fix)}
                  >
                    {fix.label}
                  </Button>
                )
              }
            >
              {warning.message}
            </Notice>
          </li>
        );
      })}
      {apply.error && <Failure error={apply.error} />}
    </ul>
  );
}
