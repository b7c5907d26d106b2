import {
  Button,
  Checkbox,
  NumberInput,
  Progress,
  SegmentedControl,
  Select,
  Slider,
  TextInput,
} from "@mantine/core";
import type { ReactNode } from "react";

import { glossary, type Term } from "@/lib/glossary";
import { Explain } from "@/ui/Explain";
import { Facts } from "@/ui/Facts";
import { Icon } from "@/ui/Icon";
import { Panel } from "@/ui/Panel";
import { Block, Empty, Failure, Lines, Notice } from "@/ui/States";
import { Verdict } from "@/ui/Verdict";

import { GalleryCharts } from "./GalleryCharts";
import classes from "./Gallery.module.css";

const COLOURS = ["--bg", "--surface", "--inset", "--line", "--ink", "--ink-2", "--ink-3", "--accent", "--pos", "--neg", "--base"]; // prettier-ignore

/** Every building block in every state: what a new page is made of, and what pictures are compared with. */
export default function Gallery() {
  return (
    <div className={classes.gallery}>
      <h1>Components</h1>
      <Panel
        id="type"
        title="Type and colour"
        lead="Blue is −α, grey the baseline, orange +α. Teal is the interface itself."
      >
        <p className={classes.display}>Display</p>
        <h2>Title of a panel</h2>
        <h3>Title of a part</h3>
        <p>Body text with a number: −4,470.5 [−4,600, −4,300] m/s.</p>
        <p className="muted small">Small and quiet.</p>
        <ul className={classes.colours}>
          {COLOURS.map((name) => (
            <li key={name}>
              <i style={{ background: `var(${name})` }} />
              <code>{name}</code>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel id="buttons" title="Buttons and fields">
        <Controls />
      </Panel>
      <Panel id="states" title="States" lead="Empty, loading, failed, noticed.">
        <div className={classes.columns}>
          <Empty title="Nothing here yet" action={<Button size="xs">The next step</Button>}>
            One sentence that says what will appear, and what brings it.
          </Empty>
          <Lines rows={4} label="Loading rows" />
          <Block height={96} label="Loading a figure" />
          <Failure
            title="It could not be read"
            error={new Error("The server's own sentence: what was received, what is allowed, the remedy.")}
            onRetry={() => undefined}
          />
          <Notice action={<Button size="compact-sm">Use tap 4</Button>}>
            A warning with the one click that settles it.
          </Notice>
        </div>
      </Panel>
      <Panel id="verdicts" title="Verdicts and facts">
        <div className={classes.row}>
          <Verdict level="good">faithful</Verdict>
          <Verdict level="caution">usable with caution</Verdict>
          <Verdict level="poor">open-loop only</Verdict>
        </div>
        <Facts
          columns={2}
          facts={[
            { label: "Variance unexplained", value: "FVU 0.0017", note: "0.17\u00a0%", term: "fvu" },
            { label: "Active at once", value: "k 16", note: "L0 16 on average", term: "l0" },
          ]}
        />
      </Panel>
      <GalleryCharts />
      <Panel id="glossary" title="Glossary" lead="What each “?” says.">
        <dl className={classes.glossary}>
          {(Object.keys(glossary) as Term[]).map((term) => (
            <div key={term}>
              <dt>
                {glossary[term].title} <Explain term={term} />
              </dt>
              <dd>{glossary[term].text}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </div>
  );
}

function Row({ children }: { children: ReactNode }) {
  return <div className={classes.row}>{children}</div>;
}

function Controls() {
  return (
    <>
      <Row>
        <Button>Next action</Button>
        <Button variant="default" leftSection={<Icon name="download" />}>
          Beside it
        </Button>
        <Button variant="light">Invitation</Button>
        <Button variant="subtle">Quiet</Button>
        <Button loading>Waiting</Button>
        <Button disabled>Not yet</Button>
      </Row>
      <Row>
        <TextInput label="Text" defaultValue="walker2d_w32" />
        <TextInput label="Wrong" defaultValue="../x" error="A name below the artifacts root." />
        <NumberInput label="Number" defaultValue={16} w={110} />
        <Select label="Choice" data={["Walker2d-v5"]} defaultValue="Walker2d-v5" />
        <TextInput label="Not yet" disabled value="waits for an SAE" readOnly />
        <Checkbox label="Alive only" defaultChecked />
      </Row>
      <Row>
        <SegmentedControl aria-label="One of three" data={["Table", "Clusters", "Map"]} />
        <Slider className={classes.slider} thumbLabel="Strength" min={-5} max={5} defaultValue={2} />
        <Progress className={classes.slider} value={40} aria-label="Progress" />
      </Row>
    </>
  );
}
