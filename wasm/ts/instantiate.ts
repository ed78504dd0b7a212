import { __wbg_set_wasm } from "./wasm/halfopen_wasm_bg.js";

/** Makes the module ready, at once: it needs nothing from outside. */
export function instantiate(module: WebAssembly.Module): void {
  __wbg_set_wasm(new WebAssembly.Instance(module).exports);
}
