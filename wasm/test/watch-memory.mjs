// Shows how large the wasm memory of the package is, which it does not export: a module that is made from now on does.
// To be imported before the package.

const memories = [];

/** Bytes of wasm memory, of all instances. */
export const wasmBytes = () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

const EXPORTS = 7;
const NAME = [...Buffer.from("watched")];

WebAssembly.Module = new Proxy(WebAssembly.Module, {
  construct: (target, [bytes]) => Reflect.construct(target, [withMemory(new Uint8Array(bytes))]),
});
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const instance = Reflect.construct(target, args);
    if (!instance.exports.watched) throw new Error("the module has no memory to watch");
    memories.push(instance.exports.watched);
    return instance;
  },
});

/** The module with one export more: its first memory. */
function withMemory(bytes) {
  const out = [...bytes.slice(0, 8)];
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const [size, start] = read(bytes, at + 1);
    const end = start + size;
    if (id !== EXPORTS) {
      out.push(...bytes.slice(at, end));
    } else {
      const [count, first] = read(bytes, start);
      const content = [...number(count + 1), ...bytes.slice(first, end), NAME.length, ...NAME, 2, 0];
      out.push(EXPORTS, ...number(content.length), ...content);
    }
    at = end;
  }
  return new Uint8Array(out);
}

/** A number of LEB128, and where it ends. */
function read(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

function number(value) {
  const bytes = [];
  for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
