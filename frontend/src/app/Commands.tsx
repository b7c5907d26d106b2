import { ActionIcon, Button, useMantineColorScheme } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import { Icon } from "@/ui/Icon";

import { NEXT_SCHEME } from "./SchemeToggle";
import { startTour } from "./tour/state";
import { useShortcuts, type Opened } from "./use-shortcuts";
import classes from "./Header.module.css";

const Palette = lazy(() => import("./palette/Palette"));
const KeySheet = lazy(() => import("./palette/KeySheet"));

/** The buttons for the commands and the sheet of keys; both open from the keyboard on every page. */
export function Commands() {
  const [opened, setOpened] = useState<Opened>();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  useShortcuts(setOpened);
  const close = () => setOpened(undefined);
  const ways = {
    nextScheme: () => setColorScheme(NEXT_SCHEME[colorScheme]),
    showKeys: () => setOpened("keys"),
    takeTour: startTour,
  };
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<Icon name="search" size={14} />}
        rightSection={<kbd className={classes.key}>Ctrl K</kbd>}
        aria-label="Commands, Ctrl K"
        className={classes.commands}
        onClick={() => setOpened("palette")}
      >
        <span className={classes.word}>Find</span>
      </Button>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={() => setOpened("keys")}
      >
        <Icon name="keyboard" size={18} />
      </ActionIcon>
      <Suspense>
        {opened === "palette" && <Palette onClose={close} ways={ways} />}
        {opened === "keys" && <KeySheet onClose={close} />}
      </Suspense>
    </>
  );
}
