import { LEVELS, type Level } from "./levels";
import classes from "./Runs.module.css";

interface Props {
  episodes: number;
  onLevel: (level: Level) => void;
}

/** Three sizes of a run, each with what its numbers are good for. */
export function LevelButtons({ episodes, onLevel }: Props) {
  return (
    <div className={classes.levels} role="group" aria-label="How sure">
      {LEVELS.map((level) => (
        <button
          key={level.key}
          type="button"
          aria-pressed={episodes === level.seeds}
          onClick={() => onLevel(level)}
        >
          {level.label} {level.seeds}
          <small>{level.note}</small>
        </button>
      ))}
    </div>
  );
}
