import { useView, type Screen } from "@/lib/view";

import classes from "./ScreenNav.module.css";

/** The pages of one model, in the order in which they are needed; the digit opens each from the keyboard. */
export const PAGES: { screen: Screen | undefined; label: string; about: string }[] = [
  { screen: undefined, label: "Workbench", about: "The five steps: load, interpret, perturb, run, compare" },
  { screen: "sae", label: "SAE", about: "Report card: what survives acting through the SAE" },
  {
    screen: "features",
    label: "Features",
    about: "Every feature: when it fires, what it does, which are alike",
  },
  { screen: "effects", label: "Effects", about: "Dose-response, calibration and scan, with their controls" },
  { screen: "live", label: "Live", about: "Drag α while the body moves" },
  { screen: "train", label: "Train", about: "Train SAEs and keep the smallest that preserves behaviour" },
  { screen: "versus", label: "Versus", about: "Another model beside this one, on the same states and seeds" },
];

export function ScreenNav() {
  const { view, openScreen } = useView();
  return (
    <nav aria-label="Pages of the model" className={classes.nav}>
      {PAGES.map(({ screen, label, about }, index) => (
        <button
          key={label}
          type="button"
          title={`${about} (key ${index + 1})`}
          aria-current={screen === view.screen ? "page" : undefined}
          onClick={() => openScreen(screen)}
        >
          {label}
        </button>
      ))}
    </nav>
  );
}
