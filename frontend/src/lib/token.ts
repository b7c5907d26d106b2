// The bearer token lives for the tab only; whether one is needed is learnt from the server's first 401.
type Listener = () => void;

const KEY = "policyscope-token";
const listeners = new Set<Listener>();
let needed = false;

const FRAGMENT = /^#token=(.+)$/;

const announce = () => listeners.forEach((listener) => listener());

export const token = {
  read: () => sessionStorage.getItem(KEY),
  save(value: string) {
    sessionStorage.setItem(KEY, value);
    needed = false;
    announce();
  },
  refuse() {
    needed = true;
    announce();
  },
  /** Takes the token out of the address that the server printed, so that it stays in no history or bookmark. */
  adopt(location: Location, history: History) {
    const found = FRAGMENT.exec(location.hash)?.[1];
    if (found === undefined) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    token.save(decodeURIComponent(found));
  },
  isNeeded: () => needed,
  subscribe: (listener: Listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
