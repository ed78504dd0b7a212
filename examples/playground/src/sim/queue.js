// What is to happen, by its time; of the same time, what was put in first comes first, and what is to be last comes last.

const LAST = 2 ** 52;

export class Queue {
  #heap = [];
  #count = 0;

  /** The time of the next event, in milliseconds; Infinity where there is none. */
  get next() {
    return this.#heap[0]?.at ?? Infinity;
  }

  /** @param {number} at milliseconds @param {() => void} run @param {boolean} last after all others of that time */
  push(at, run, last = false) {
    const heap = this.#heap;
    heap.push({ at, order: this.#count++ + (last ? LAST : 0), run });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child], heap[parent])) break;
      [heap[child], heap[parent]] = [heap[parent], heap[child]];
      child = parent;
    }
  }

  /** Takes the next event out. */
  pop() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let least = parent;
      if (left < heap.length && isBefore(heap[left], heap[least])) least = left;
      if (right < heap.length && isBefore(heap[right], heap[least])) least = right;
      if (least === parent) return first;
      [heap[parent], heap[least]] = [heap[least], heap[parent]];
      parent = least;
    }
  }
}

function isBefore(one, other) {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
