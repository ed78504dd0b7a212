// What a call must not leave behind.

/** How many timers run in this process. */
export function timers() {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

/** A signal, its controller, and how many listen to it. */
export function countingSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set();
  const count = (name, change) => {
    const original = signal[name];
    signal[name] = (type, listener, options) => {
      change(listener);
      return original.call(signal, type, listener, options);
    };
  };
  count("addEventListener", (listener) => listening.add(listener));
  count("removeEventListener", (listener) => listening.delete(listener));
  return { controller, signal, listeners: () => listening.size };
}
