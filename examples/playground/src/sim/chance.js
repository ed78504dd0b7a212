// Chance that can be had again: numbers that depend on a seed and on what they are for, and on nothing that was drawn before.

/**
 * A number from 0 to less than 1.
 *
 * @param {...number} keys whole numbers; the same ones give the same number
 */
export function chance(...keys) {
  let hash = 0x9e3779b9;
  for (const key of keys) hash = mix(hash ^ mix(key | 0));
  return (mix(hash) >>> 0) / 2 ** 32;
}

/** The finalizer of MurmurHash3: each bit of what comes in changes about half of those that go out. */
function mix(number) {
  let bits = (number + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
