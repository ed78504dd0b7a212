import { bind } from "./wasm/exports.js";

/** Makes the module ready, at once: it needs nothing from outside. */
export function instantiate(module: WebAssembly.Module): void {
  bind(new WebAssembly.Instance(module).exports);
}
