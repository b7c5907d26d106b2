import { Modal } from "@mantine/core";

import { PAGES } from "../ScreenNav";
import classes from "./KeySheet.module.css";

const GROUPS: { title: string; keys: [string[], string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      [["Ctrl", "K"], "Commands: a page, a feature, a run, a model"],
      [["?"], "This sheet"],
      [["Esc"], "Close what is open"],
      ...PAGES.map(({ label }, index): [string[], string] => [[String(index + 1)], label]),
    ],
  },
  {
    title: "Replay and clips",
    keys: [
      [["Space"], "Play, pause"],
      [[","], "One step back"],
      [["."], "One step on"],
      [["["], "25 steps back"],
      [["]"], "25 steps on"],
    ],
  },
  {
    title: "Tables, charts and sliders",
    keys: [
      [["↑", "↓"], "The next feature of the table"],
      [["B"], "Bookmark the feature on screen"],
      [["←", "→"], "Read a chart point by point; move a slider"],
    ],
  },
];

/** "?": every key that does something. */
export default function KeySheet({ onClose }: { onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title="Keyboard"
      size={640}
      closeButtonProps={{ "aria-label": "Close" }}
      // otherwise its <header> would be a second banner of the page
      attributes={{ header: { role: "presentation" } }}
    >
      <div className={classes.sheet}>
        {GROUPS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([combination, what]) => (
                <div key={what}>
                  <dt>
                    {combination.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
