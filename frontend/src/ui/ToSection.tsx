import { Button } from "@mantine/core";

import { useView } from "@/lib/view";

/** The next step of an empty state, on whichever page it lies. */
export function ToSection({ id, children }: { id: string; children: string }) {
  const { openSection } = useView();
  return (
    <Button mt="sm" onClick={() => openSection(id)}>
      {children}
    </Button>
  );
}
