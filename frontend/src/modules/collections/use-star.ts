import { useCallback, useEffect } from "react";

import { isFree } from "@/lib/keys";
import type { Model } from "@/lib/types";

import { BOOKMARKS, useBookmarked, usePlace } from "./api";

/** The stars of a model's features; the key b is the star of the one on screen. */
export function useStars(model: Model, feature: number | undefined) {
  const bookmarked = useBookmarked(model);
  const { mutate, error } = usePlace(model);
  const onStar = useCallback(
    (which: number, starred: boolean) =>
      mutate({ collection: BOOKMARKS, feature: which, note: starred ? undefined : null }),
    [mutate],
  );
  const starred = feature !== undefined && bookmarked.has(feature);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "b" && feature !== undefined && isFree(event)) onStar(feature, !starred);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [feature, starred, onStar]);
  return { bookmarked, onStar, error };
}
