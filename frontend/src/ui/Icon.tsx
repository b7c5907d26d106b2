const PATHS = {
  upload: "M12 15V4m0 0L7.5 8.5M12 4l4.5 4.5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3",
  sun: "M12 4V2m0 20v-2m8-8h2M2 12h2m13.7-5.7 1.4-1.4M4.9 19.1l1.4-1.4m0-11.4L4.9 4.9m14.2 14.2-1.4-1.4M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z",
  system: "M4 5h16v11H4zM9 20h6m-3-4v4",
  undo: "M8 5 4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3",
  download: "M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M4 19h16",
  trash: "M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13",
  swap: "M4 8h14m0 0-4-4m4 4-4 4M20 16H6m0 0 4-4m-4 4 4 4",
  link: "M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7L12.5 5.8M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.1-1.1",
  check: "m5 12.5 4.5 4.5L19 7.5",
  arrow: "M5 12h14m0 0-5-5m5 5-5 5",
  play: "M7 4.5v15l12-7.5-12-7.5Z",
  pause: "M8 5v14m8-14v14",
  stepBack: "M6 5v14M18 5.5v13L9 12l9-6.5Z",
  stepOn: "M18 5v14M6 5.5v13l9-6.5-9-6.5Z",
  loop: "M17 3l3.5 3.5L17 10M4 11.5v-1a4 4 0 0 1 4-4h12M7 21l-3.5-3.5L7 14m13-1.5v1a4 4 0 0 1-4 4H4",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 5 5",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  branch: "M6 4v16M6 14c0-5 12-3 12-8m0 0-3.5 3.5M18 6l3 3.5",
  jobs: "M4 6h16M4 12h16M4 18h10",
  star: "m12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8L12 3.5Z",
  edit: "m4 20 1-4L16.5 4.5a2 2 0 0 1 3 3L8 19l-4 1Zm11-14 3 3",
  warning: "M12 9v5m0 3v.01M12 3.5 2.5 20h19L12 3.5Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
