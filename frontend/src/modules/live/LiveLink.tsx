import { Button } from "@mantine/core";

import { useView } from "@/lib/view";
import { Icon } from "@/ui/Icon";

/** To the page where α is dragged while the body moves. */
export function LiveLink({ feature }: { feature?: number | undefined }) {
  const { setView } = useView();
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="play" size={13} />}
      onClick={() => {
        setView({ live: true, feature });
        window.scrollTo(0, 0);
      }}
    >
      Steer live
    </Button>
  );
}
