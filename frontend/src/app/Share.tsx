import { ActionIcon, Popover } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, useCallback, useState } from "react";

import { useKeysThatClose } from "@/lib/keys";
import { useView } from "@/lib/view";
import { modelQuery } from "@/modules/models/api";
import { LazyPart } from "@/ui/Boundary";
import { Icon } from "@/ui/Icon";
import { Lines } from "@/ui/States";

export const loadSharePanel = () => import("@/modules/views/SharePanel");
const SharePanel = lazy(loadSharePanel);

/** On every page: the link to it, and a name to come back by. */
export function Share() {
  const [opened, setOpened] = useState(false);
  useKeysThatClose(
    opened,
    useCallback(() => setOpened(false), []),
  );
  const { view, openAddress } = useView();
  const { data: model } = useQuery({ ...modelQuery(view.model ?? ""), enabled: view.model !== undefined });
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      shadow="md"
      withArrow
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label="Link and saved views"
          title="Link and saved views"
          onClick={() => setOpened((open) => !open)}
        >
          <Icon name="link" size={18} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="Link and saved views">
        <LazyPart title="Saved views could not be opened" fallback={<Lines rows={3} label="Opening" />}>
          {opened && (
            <SharePanel
              model={model}
              onOpen={({ address }) => {
                setOpened(false);
                openAddress(address);
              }}
            />
          )}
        </LazyPart>
      </Popover.Dropdown>
    </Popover>
  );
}
