// Elements of the page, by as little as it needs.

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** An element with properties and children. @param {string} name @param {Record<string, any>} properties */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Sets a text only where it has changed: what has not need not be laid out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts a text where it can be pasted from; says in `status` whether that worked. */
export async function copy(text, status) {
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = "Copied";
  } catch {
    status.textContent = "The browser does not let the page copy: select and copy by hand";
  }
  setTimeout(() => (status.textContent = ""), 4_000);
}
