import { Button } from "@mantine/core";

/** Puts a form back to what it proposes; not there while nothing differs. */
export function ToDefaults({ onReset }: { onReset: (() => void) | undefined }) {
  if (!onReset) return null;
  return (
    <Button size="compact-xs" variant="subtle" ml="xs" onClick={onReset}>
      Back to the defaults
    </Button>
  );
}
