// What a window holds, so that a rate can be drawn: the breaker decides by its own, and tells what that held when it opened.

export class WindowView {
  #outcomes = [];
  #size;
  #millis;
  #minimum;

  /** @param {Record<string, any>} config as the package takes it */
  constructor(config) {
    this.#size = config.rule === "count_window" ? (config.slidingWindowSize ?? 100) : Infinity;
    this.#millis = config.rule === "time_window" ? (config.slidingWindowSeconds ?? 60) * 1000 : Infinity;
    this.#minimum = config.minimumCalls ?? Math.min(10, this.#size);
  }

  /** @param {number} at milliseconds */
  add(at, failed, slow) {
    this.#outcomes.push({ at, failed, slow });
    if (this.#outcomes.length > this.#size) this.#outcomes.shift();
  }

  clear() {
    this.#outcomes.length = 0;
  }

  /** @param {number} now milliseconds. What is a rate of too few calls is 0. */
  look(now) {
    // The breaker's window over time goes on by tenths of itself; this one slides.
    while (this.#outcomes.length > 0 && this.#outcomes[0].at <= now - this.#millis) this.#outcomes.shift();
    const calls = this.#outcomes.length;
    const failures = this.#outcomes.filter(({ failed }) => failed).length;
    const slow = this.#outcomes.filter((outcome) => outcome.slow).length;
    const rate = (count) => (calls < this.#minimum || calls === 0 ? 0 : (count / calls) * 100);
    return { calls, failures, slow, failureRate: rate(failures), slowRate: rate(slow) };
  }
}
