import classes from "./Explore.module.css";

const MEANING: Partial<Record<string, string>> = {
  dead: "Never active on the cached states",
  "episode-specific": "Active in fewer than a fifth of the episodes: it may have memorised them",
  general: "Active in most episodes",
  transient: "Mostly active within the first second",
  tonic: "Active for long stretches",
  periodic: "Starts about once per stride",
  dense: "Active in most states",
  "phase tile":
    "One bump in the phase of the stride explains it: it says where in the stride, and little else",
};

interface Props {
  badges: string[];
  tags: string[];
  disagreement?: string | null;
}

/** How it fires, your own tags, and the mark where association and effect tell different stories. */
export function Badges({ badges, tags, disagreement }: Props) {
  return (
    <span className={classes.badges}>
      {disagreement && (
        <span
          className={classes.disagree}
          title="Association and effect rank this feature very differently; the effect is what counts"
        >
          ≠ {disagreement}
        </span>
      )}
      {badges.map((badge) => (
        <span key={badge} title={MEANING[badge]}>
          {badge}
        </span>
      ))}
      {tags.map((tag) => (
        <span key={`#${tag}`} className={classes.tag}>
          #{tag}
        </span>
      ))}
    </span>
  );
}
