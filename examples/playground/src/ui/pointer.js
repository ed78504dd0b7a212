// Pointing at the time line, by pointer, by finger and by the arrow keys: the read-out below it says what is there.
import { frameOf } from "../draw/layout.js";
import { goOn, pickAt } from "../draw/pick.js";
import { readOut } from "../draw/readout.js";
import { byId, setText } from "./dom.js";

const HINT = "Point at the time line, or go through it with the arrow keys: what a mark was, and what the circuit thought.";

export class Pointer {
  /** @type {import("../draw/pick.js").Picked | undefined} */
  picked;
  #canvas;
  #see;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => { run: import("../sim/simulation.js").Simulation, spanMs: number }} see what is shown now
   * @param {() => void} onPick
   */
  constructor(canvas, see, onPick) {
    this.#canvas = canvas;
    this.#see = see;
    const pick = (picked) => {
      this.picked = picked;
      onPick();
    };
    const point = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      const { run, spanMs } = see();
      pick(pickAt(run, frameOf(canvas.clientWidth, run, spanMs), event.clientX - left, event.clientY - top));
    };
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerdown", point);
    // A finger that is lifted has left, too; what it has pointed at stays.
    canvas.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && document.activeElement !== canvas && pick(undefined));
    canvas.addEventListener("blur", () => pick(undefined));
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const next = event.key === "Escape" ? undefined : goOn(see().run, this.picked, event.key);
      if (next === undefined && event.key !== "Escape") return;
      event.preventDefault();
      pick(next);
    });
  }

  /** Shows what is pointed at, in words; to who cannot see the time line, too. @param {string} whole what is to be said of all of it */
  show(usual, whole) {
    const { run } = this.#see();
    const { title, more } = this.picked ? readOut(run, this.picked, usual) : { title: "", more: HINT };
    setText(byId("readout-title"), title);
    setText(byId("readout-more"), more);
    const now = Math.round(run.now);
    this.#canvas.setAttribute("aria-valuemax", String(now));
    this.#canvas.setAttribute("aria-valuenow", String(Math.min(Math.round(this.picked?.at ?? now), now)));
    const text = this.picked ? `${title}. ${more}` : whole;
    if (text !== undefined) this.#canvas.setAttribute("aria-valuetext", text);
  }
}
