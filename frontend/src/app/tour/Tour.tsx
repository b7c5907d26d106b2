import { Button, Paper } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useView } from "@/lib/view";

import { endTour, moveTour, useTour } from "./state";
import { STOPS, type Stop } from "./stops";
import classes from "./Tour.module.css";

/** The tour of the five steps: a card that stands by while the user does the step that it explains. */
export default function Tour() {
  const at = useTour();
  const stop = at === undefined ? undefined : STOPS[at];
  return stop && at !== undefined ? <Card key={at} at={at} stop={stop} /> : null;
}

function Card({ at, stop }: { at: number; stop: Stop }) {
  const { openSection } = useView();
  const open = useRef(openSection);
  useEffect(() => open.current(stop.section), [stop.section]);
  useMark(stop.section);
  const last = at === STOPS.length - 1;
  return (
    <Paper component="aside" aria-label="Tour" shadow="lg" withBorder className={classes.card}>
      <p className={classes.count} role="status">
        {at + 1} of {STOPS.length}: <strong>{stop.title}</strong>
      </p>
      <p>{stop.text}</p>
      <div className={classes.buttons}>
        <Button size="xs" variant="subtle" color="gray" onClick={endTour}>
          End the tour
        </Button>
        <span>
          {at > 0 && (
            <Button size="xs" variant="default" onClick={() => moveTour(-1)}>
              Back
            </Button>
          )}
          <Button size="xs" onClick={() => moveTour(1)}>
            {last ? "Done" : "Next"}
          </Button>
        </span>
      </div>
    </Paper>
  );
}

/** Draws a frame around the section for as long as the stop lasts; the section may appear later. */
function useMark(section: string) {
  useEffect(() => {
    const mark = () => document.getElementById(section)?.setAttribute("data-tour", "here");
    mark();
    const watched = new MutationObserver(mark);
    watched.observe(document.body, { childList: true, subtree: true });
    return () => {
      watched.disconnect();
      document.getElementById(section)?.removeAttribute("data-tour");
    };
  }, [section]);
}
