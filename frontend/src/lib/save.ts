/** Hands a file to the browser's downloads. */
export function saveBlob(blob: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export const saveText = (text: string, name: string, type: string) =>
  saveBlob(new Blob([text], { type }), name);

/** A title as a file's name: lower case words joined by hyphens. */
export const fileName = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 80);
