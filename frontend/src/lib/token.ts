// The bearer token lives for the tab only; whether one is needed is learnt from the server's first 401.
type Listener = () => void;

const KEY = "policyscope-token";
const listeners = new Set<Listener>();
let needed = false;

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
  isNeeded: () => needed,
  subscribe: (listener: Listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
