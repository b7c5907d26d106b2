import { Button } from "@mantine/core";

import { useView } from "@/lib/view";
import { Icon } from "@/ui/Icon";

/** To the page where α is dragged while the body moves. */
export function LiveLink({ feature }: { feature?: number | undefined }) {
  const { openScreen } = useView();
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="play" size={13} />}
      onClick={() => openScreen("live", { feature })}
    >
      Steer live
    </Button>
  );
}
