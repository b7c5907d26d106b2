import { Icon } from "@/ui/Icon";

import classes from "./Collections.module.css";

interface Props {
  feature: number;
  starred: boolean;
  onStar: (feature: number, starred: boolean) => void;
}

/** One click bookmarks a feature, another lets it go. */
export function Star({ feature, starred, onStar }: Props) {
  return (
    <button
      type="button"
      className={classes.star}
      aria-pressed={starred}
      aria-label={`Bookmark feature ${feature}`}
      title={starred ? "Bookmarked (key b)" : "Bookmark (key b)"}
      onClick={(event) => {
        event.stopPropagation();
        onStar(feature, !starred);
      }}
    >
      <Icon name="star" size={15} />
    </button>
  );
}
