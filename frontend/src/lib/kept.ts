// What was typed into a model's forms outlives leaving the page and a reload. A copied link does not carry it: that shares what
// was found, this is what one was about to ask.
import { useState } from "react";

const keyOf = (modelId: string) => `policyscope-typed:${modelId}`;

type Forms = Record<string, unknown>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function read(modelId: string): Forms {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(keyOf(modelId)) ?? "{}");
    return isObject(found) ? found : {};
  } catch {
    return {}; // written by another version or by hand: as if nothing had been typed
  }
}

function write(modelId: string, forms: Forms) {
  try {
    if (Object.keys(forms).length === 0) localStorage.removeItem(keyOf(modelId));
    else localStorage.setItem(keyOf(modelId), JSON.stringify(forms));
  } catch {
    // a full or forbidden storage: the form works, it is only not remembered
  }
}

function forget(modelId: string, form: string) {
  write(modelId, Object.fromEntries(Object.entries(read(modelId)).filter(([name]) => name !== form)));
}

/** Whether a stored value has the form of what the fields hold, which an older version may not have written. */
function fits(value: unknown, like: unknown): boolean {
  if (Array.isArray(like))
    return Array.isArray(value) && value.length > 0 && value.every((each) => fits(each, like[0]));
  if (isObject(like))
    return isObject(value) && Object.entries(like).every(([key, each]) => fits(value[key], each));
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function restored<T extends object>(defaults: T, stored: unknown): T {
  if (!isObject(stored)) return defaults;
  const known = Object.entries(defaults).filter(([key, like]) => key in stored && fits(stored[key], like));
  return { ...defaults, ...Object.fromEntries(known.map(([key]) => [key, stored[key]])) };
}

export interface Kept<T> {
  typed: T;
  change: (patch: Partial<T>) => void;
  /** Back to the defaults; only while something differs from them. */
  reset: (() => void) | undefined;
  /** It was sent: what is on screen stays, and the next visit starts from what is stored. */
  sent: () => void;
}

/** The fields of one form of one model: the defaults, with what was typed there before. */
export function useKept<T extends object>(modelId: string, form: string, defaults: T): Kept<T> {
  const [typed, setTyped] = useState(() => restored(defaults, read(modelId)[form]));
  const keep = (next: T) => {
    setTyped(next);
    const own = Object.entries(next).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key as keyof T]),
    );
    forget(modelId, form);
    if (own.length > 0) write(modelId, { ...read(modelId), [form]: Object.fromEntries(own) });
  };
  const changed = JSON.stringify(typed) !== JSON.stringify(defaults);
  return {
    typed,
    change: (patch) => keep({ ...typed, ...patch }),
    reset: changed ? () => keep(defaults) : undefined,
    sent: () => forget(modelId, form),
  };
}

/** A deleted model's forms. */
export const forgetTyped = (modelId: string) => write(modelId, {});
