import { ActionIcon, Button, useMantineColorScheme } from "@mantine/core";
import { lazy, useEffect, useState } from "react";

import { LazyPart } from "@/ui/Boundary";
import { Icon } from "@/ui/Icon";

import { loadSharePanel } from "./Share";
import { NEXT_SCHEME } from "./SchemeToggle";
import { startTour } from "./tour/state";
import { useShortcuts, type Opened } from "./use-shortcuts";
import classes from "./Header.module.css";

const loadPalette = () => import("./palette/Palette");
const loadKeySheet = () => import("./palette/KeySheet");
const Palette = lazy(loadPalette);
const KeySheet = lazy(loadKeySheet);

/** After the first screen, so that a key opens them at once, and also when the server is gone. */
const AHEAD_MS = 2000;

function useLoadedAhead() {
  useEffect(() => {
    const timer = setTimeout(() => {
      // a failure shows when the key is pressed, where it can be said
      void Promise.allSettled([loadPalette(), loadKeySheet(), loadSharePanel()]);
    }, AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);
}

/** The buttons for the commands and the sheet of keys; both open from the keyboard on every page. */
export function Commands() {
  const [opened, setOpened] = useState<Opened>();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  useShortcuts(setOpened);
  useLoadedAhead();
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
      <LazyPart key={opened} title="The commands could not be opened">
        {opened === "palette" && <Palette onClose={close} ways={ways} />}
        {opened === "keys" && <KeySheet onClose={close} />}
      </LazyPart>
    </>
  );
}
