/**
 * Bytes that scripts/build.mjs has packed into printable letters. A byte is one letter, or from 89 on one behind a mark, and
 * begins where the last one ends: so gzip finds in the text what it finds in the bytes, which it cannot in base64. Two ranges
 * of bytes have changed places, so that fewer need a mark.
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  // In place, and plain: it runs once, before anything is compiled, and used to be a large part of what an import costs.
  const bytes = new TextEncoder().encode(text);
  const letters = bytes.length;
  let length = 0;
  for (let at = 0, page = 35; at < letters; at++) {
    const letter = bytes[at]!;
    if (letter > 124) {
      page = (124 - letter) * 89 + 35;
    } else {
      // Without the backslash.
      const number = letter - page - (letter > 92 ? 1 : 0);
      bytes[length++] = number > 65 && number < 89 ? number + 40 : number > 105 && number < 129 ? number - 40 : number;
      page = 35;
    }
  }
  return bytes.subarray(0, length);
}
