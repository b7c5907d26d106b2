import { useEffect } from "react";

const TYPED = "input, textarea, select, [contenteditable], [role=combobox], [role=slider], [role=dialog]";

/** A key of its own on the page; where letters and digits are typed they are text, and in a dialog they are the dialog's. */
export function isFree({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return !ctrlKey && !metaKey && !altKey && !(target instanceof Element && target.closest(TYPED) !== null);
}

export const asksForPalette = (event: KeyboardEvent) =>
  (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";

/** What drops from the header closes by Escape wherever the focus is, and does not lie over the palette. */
export function useKeysThatClose(opened: boolean, close: () => void) {
  useEffect(() => {
    if (!opened) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" || asksForPalette(event) || (event.key === "?" && isFree(event))) close();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [opened, close]);
}
