const TYPED = "input, textarea, select, [contenteditable], [role=combobox], [role=slider], [role=dialog]";

/** A key of its own on the page; where letters and digits are typed they are text, and in a dialog they are the dialog's. */
export function isFree({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return !ctrlKey && !metaKey && !altKey && !(target instanceof Element && target.closest(TYPED) !== null);
}
