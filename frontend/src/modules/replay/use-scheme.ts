import { useSyncExternalStore } from "react";

const ATTRIBUTE = "data-mantine-color-scheme";

function subscribe(listener: () => void) {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: [ATTRIBUTE] });
  return () => observer.disconnect();
}

/** "light" or "dark" as the page shows it, for what is drawn on a canvas. */
export const useScheme = () =>
  useSyncExternalStore(subscribe, () => document.documentElement.getAttribute(ATTRIBUTE) ?? "light");
