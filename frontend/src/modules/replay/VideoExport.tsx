import { Button, Checkbox, SegmentedControl, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { client, send, unwrap } from "@/lib/client";
import type { Job, Run } from "@/lib/types";
import { JobProgress } from "@/modules/runs/JobProgress";
import { isFinished, useJob } from "@/modules/runs/use-job";
import { Icon } from "@/ui/Icon";
import { Failure, Notice } from "@/ui/States";

import classes from "./Replay.module.css";

type Format = "mp4" | "webm" | "gif";

interface Wish {
  size: 240 | 480 | 720;
  speed: number;
  format: Format;
  shadows: boolean;
}

const MOST_ARMS = 4;

/** A file of the seed on show, for slides and papers; the page itself replays without one. */
export function VideoExport({ run, seed }: { run: Run; seed: number }) {
  const [wish, setWish] = useState<Wish>({ size: 480, speed: 1, format: "mp4", shadows: false });
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST("/run/{run_id}/video", {
          params: { path: { run_id: run.id } },
          body: { ...wish, seed, arms: run.arms.slice(0, MOST_ARMS).map((arm) => arm.name) },
        }),
      ),
  });
  const { data: job } = useJob(start.data?.job_id ?? null);
  const running = start.isPending || (job !== undefined && !isFinished(job.state));

  return (
    <div className={classes.export}>
      <WishForm wish={wish} onChange={(patch) => setWish({ ...wish, ...patch })} />
      <Button
        size="sm"
        variant="default"
        leftSection={<Icon name="download" size={14} />}
        loading={start.isPending}
        disabled={running}
        onClick={() => start.mutate()}
      >
        Make video
      </Button>
      {start.error && <Failure error={start.error} title="The video could not be started" />}
      {job && !isFinished(job.state) && <JobProgress job={job} />}
      {job && isFinished(job.state) && <Outcome job={job} run={run} seed={seed} />}
    </div>
  );
}

function WishForm({ wish, onChange }: { wish: Wish; onChange: (patch: Partial<Wish>) => void }) {
  return (
    <div className={classes.options}>
      <SegmentedControl
        size="xs"
        aria-label="Format"
        value={wish.format}
        onChange={(format) => onChange({ format })}
        data={[
          { value: "mp4", label: "MP4" },
          { value: "webm", label: "WebM" },
          { value: "gif", label: "GIF" },
        ]}
      />
      <Select
        size="xs"
        w={120}
        aria-label="Size of a pane"
        allowDeselect={false}
        value={String(wish.size)}
        onChange={(value) => value !== null && onChange({ size: Number(value) as Wish["size"] })}
        data={["240", "480", "720"].map((size) => ({ value: size, label: `${size} px high` }))}
      />
      <Select
        size="xs"
        w={120}
        aria-label="Speed of the video"
        allowDeselect={false}
        value={String(wish.speed)}
        onChange={(value) => value !== null && onChange({ speed: Number(value) })}
        data={["0.25", "0.5", "1", "2"].map((speed) => ({ value: speed, label: `${speed}× speed` }))}
      />
      <Checkbox
        size="xs"
        label="Shadows (slower)"
        checked={wish.shadows}
        onChange={(event) => onChange({ shadows: event.currentTarget.checked })}
      />
    </div>
  );
}

function Outcome({ job, run, seed }: { job: Job; run: Run; seed: number }) {
  if (job.state !== "done" || !job.result?.video_id)
    return (
      <Notice>
        {job.error?.message ??
          (job.state === "cancelled" ? "The video was cancelled." : "No video was made.")}
      </Notice>
    );
  return <Clip videoId={job.result.video_id} name={`${run.id}-seed-${String(seed)}`} />;
}

/** The file comes by fetch, because a bare address could not carry the token. It lives as long as the page. */
async function fetchClip(videoId: string) {
  const blob = await (await send(`/video/${encodeURIComponent(videoId)}`)).blob();
  return { url: URL.createObjectURL(blob), size: blob.size, kind: blob.type.split("/")[1] ?? "mp4" };
}

function Clip({ videoId, name }: { videoId: string; name: string }) {
  const {
    data: clip,
    error,
    refetch,
  } = useQuery({
    queryKey: ["video", videoId],
    queryFn: () => fetchClip(videoId),
    staleTime: Infinity,
    gcTime: Infinity,
  });
  if (error)
    return <Failure error={error} onRetry={() => void refetch()} title="The video could not be read" />;
  if (!clip) return null;
  return (
    <figure className={classes.clip}>
      {clip.kind === "gif" ? (
        <img src={clip.url} alt="The exported animation" />
      ) : (
        <video src={clip.url} controls loop muted playsInline aria-label="The exported video" />
      )}
      <Button
        component="a"
        size="compact-sm"
        variant="default"
        href={clip.url}
        download={`${name}.${clip.kind}`}
      >
        Download {clip.kind.toUpperCase()}, {(clip.size / 1e6).toFixed(1)}&nbsp;MB
      </Button>
    </figure>
  );
}
