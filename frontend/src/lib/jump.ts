let awaited: string | undefined;

/** Brings a section into view and puts the focus on its heading, so that the keyboard continues from there.
 * A section that is not on the page yet is jumped to as soon as it appears. */
export function jumpTo(id: string) {
  awaited = arrive(id) ? undefined : id;
}

/** Said by a section that has just appeared. */
export function appeared(id: string) {
  if (awaited === id && arrive(id)) awaited = undefined;
}

function arrive(id: string): boolean {
  const section = document.getElementById(id);
  if (!section) return false;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  section.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  document.getElementById(`${id}-title`)?.focus({ preventScroll: true });
  return true;
}
