import { Button, CopyButton } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { Icon } from "@/ui/Icon";
import { Failure } from "@/ui/States";

import { downloadBundle } from "./api";
import classes from "./Compare.module.css";

/** One file with everything that the numbers rest on, and the command that plays it again. */
export function Evidence({ runId }: { runId: string }) {
  const bundle = useMutation({ mutationFn: () => downloadBundle(runId) });
  const command = `policyscope verify ${runId}.zip`;
  return (
    <section className={classes.evidence} aria-label="Evidence">
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="download" size={14} />}
        loading={bundle.isPending}
        onClick={() => bundle.mutate()}
      >
        Evidence bundle
      </Button>
      <p>
        Policy, SAE, seeds, versions and results with their hashes, in one file. Verify it anywhere:{" "}
        <code>{command}</code>
      </p>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="subtle" onClick={copy}>
            {copied ? "Copied" : "Copy command"}
          </Button>
        )}
      </CopyButton>
      {bundle.error && <Failure error={bundle.error} onRetry={() => bundle.mutate()} />}
    </section>
  );
}
