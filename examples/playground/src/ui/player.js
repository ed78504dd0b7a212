// Time: the wall clock's frames become milliseconds of the run, as many times faster as one likes.

/** No frame counts for more: a page that was in the background does not catch up. */
const LONGEST_FRAME_MS = 100;

export class Player {
  isPlaying = false;
  speed = 4;
  #advance;
  #before;
  #rest = 0;

  /** @param {(ms: number) => void} advance is given the whole milliseconds by which the run goes on */
  constructor(advance) {
    this.#advance = advance;
  }

  play() {
    if (this.isPlaying) return;
    this.isPlaying = true;
    this.#before = undefined;
    requestAnimationFrame((now) => this.#frame(now));
  }

  pause() {
    this.isPlaying = false;
  }

  #frame(now) {
    if (!this.isPlaying) return;
    const passed = Math.min(now - (this.#before ?? now), LONGEST_FRAME_MS) * this.speed + this.#rest;
    this.#before = now;
    this.#rest = passed % 1;
    this.#advance(Math.floor(passed));
    requestAnimationFrame((next) => this.#frame(next));
  }
}
