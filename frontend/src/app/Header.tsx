import { useView } from "@/lib/view";
import { JobTray } from "@/modules/jobs/JobTray";

import { Commands } from "./Commands";
import { viewOfRun } from "./ended";
import { Share } from "./Share";
import { SchemeToggle } from "./SchemeToggle";
import { STEPS, stepState, useProgress } from "./steps";
import classes from "./Header.module.css";

export function Header() {
  const { view, openModel, openSection } = useView();
  const progress = useProgress(view.model);
  return (
    <header className={classes.header}>
      <div className={classes.inner}>
        <button
          type="button"
          className={classes.brand}
          onClick={() => openModel(undefined)}
          aria-label="policyscope, start page"
        >
          <img src="/assets/favicon.svg" alt="" width={24} height={24} />
          policyscope
        </button>
        <nav aria-label="Steps" className={classes.nav}>
          <ol>
            {STEPS.map((step) => {
              const state = stepState(step.id, progress);
              return (
                <li key={step.id}>
                  <a
                    href={`#${step.id}`}
                    data-state={state}
                    aria-current={state === "next" ? "step" : undefined}
                    aria-disabled={state === "later" && !view.model ? true : undefined}
                    onClick={(event) => {
                      event.preventDefault();
                      openSection(step.id);
                    }}
                  >
                    <i aria-hidden="true" />
                    {step.label}
                    {state === "done" && <span className="visually-hidden"> (done)</span>}
                  </a>
                </li>
              );
            })}
          </ol>
        </nav>
        <div className={classes.tools}>
          <Commands />
          <JobTray onOpen={(run) => openModel(run.model_id, viewOfRun(run))} />
          <Share />
          <SchemeToggle />
        </div>
      </div>
    </header>
  );
}
