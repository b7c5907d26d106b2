import { ApiError } from "@/lib/errors";

const isConfig = (file: File) => file.name.toLowerCase().endsWith(".json");

export const listedNames = (files: readonly File[]) => files.map(({ name }) => name).join(" and ");

/** Which chosen file is which part of the request. A .json alone is sent too: the server says what is missing. */
export function saeParts(files: readonly File[]): (readonly [part: "file" | "config", file: File])[] {
  const weights = files.filter((file) => !isConfig(file));
  const configs = files.filter(isConfig);
  if (weights.length > 1 || configs.length > 1) throw tooMany(files);
  const [file, config] = [...weights, ...configs];
  if (!file) throw tooMany(files);
  return [["file", file], ...(config ? [["config", config] as const] : [])];
}

function tooMany(files: readonly File[]): ApiError {
  const fields = {
    found: `${files.length} files at once.`,
    remedy: "Choose one file of weights, together with its .json if the library wrote one.",
  };
  return new ApiError(`${fields.found} ${fields.remedy}`, "too_many_files", 400, fields);
}
