import { useSyncExternalStore } from "react";

import { token } from "@/lib/token";

export const useTokenNeeded = () => useSyncExternalStore(token.subscribe, token.isNeeded);
