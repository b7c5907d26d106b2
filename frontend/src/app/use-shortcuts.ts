import { useEffect } from "react";

import { useView } from "@/lib/view";

import { PAGES } from "./ScreenNav";

const TYPED = "input, textarea, select, [contenteditable], [role=combobox], [role=slider], [role=dialog]";

/** A key of its own on the page; where letters and digits are typed they are text, and in a dialog they are the dialog's. */
function isFree({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return !ctrlKey && !metaKey && !altKey && !(target instanceof Element && target.closest(TYPED) !== null);
}

const asksForPalette = (event: KeyboardEvent) =>
  (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";

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
