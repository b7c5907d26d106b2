/** The player with its 3-D engine; asked for while a run still plays, it is there when the run ends. */
export const openPlayer = () => import("./ReplayPlayer");
