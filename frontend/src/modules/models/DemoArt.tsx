/** A small drawing per environment: a figure for bodies that walk, a spiral for systems without one. */
const DRAWINGS: Record<string, string> = {
  walker: "M38 12v18m0 0-9 9 3 14m-3 0h8M38 30l9 8-1 15m-2 0h8",
  spiral: "M38 32c0-4 6-4 6 1s-11 6-11-1 17-9 17 1-24 12-24-1 33-15 33 1",
  pendulum: "M14 46h48M32 46v-6h14v6M39 40 52 14",
  network: "M18 16 38 32 18 48M38 32l20-16M38 32l20 16M18 16l40 0M18 48h40",
};

function drawingFor(env: string): string {
  const id = env.toLowerCase();
  if (/walker|hopper|humanoid|cheetah|ant|biped/.test(id)) return DRAWINGS.walker ?? "";
  if (/pendulum|cartpole/.test(id)) return DRAWINGS.pendulum ?? "";
  return (id.includes("hard_stable") ? DRAWINGS.spiral : DRAWINGS.network) ?? "";
}

export function DemoArt({ env, className }: { env: string; className?: string }) {
  return (
    <svg className={className} viewBox="0 0 76 64" fill="none" stroke="currentColor" aria-hidden="true">
      <path d="M8 54h60" stroke="var(--line-strong)" strokeWidth="1.5" />
      <path d={drawingFor(env)} strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
