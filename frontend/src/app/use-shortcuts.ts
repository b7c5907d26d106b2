import { useEffect } from "react";

import { asksForPalette, isFree } from "@/lib/keys";
import { useView } from "@/lib/view";

import { PAGES } from "./ScreenNav";

export type Opened = "palette" | "keys" | undefined;

/** The keys that work on every page. */
export function useShortcuts(open: (what: Opened) => void) {
  const { view, openScreen } = useView();
  const { model } = view;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (asksForPalette(event)) {
        event.preventDefault();
        open("palette");
      }
      if (!isFree(event)) return;
      if (event.key === "?") open("keys");
      const page = PAGES[Number(event.key) - 1];
      if (page && model !== undefined) openScreen(page.screen);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [model, open, openScreen]);
}
