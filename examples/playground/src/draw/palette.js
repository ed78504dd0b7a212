// The colours of the drawing: those of the page's style, which has a light and a dark set.

const NAMES = [
  ...["ink", "muted", "line", "surface", "sick", "accent"],
  ...["closed", "closed-soft", "open", "open-soft", "half", "half-soft", "refused", "late"],
];

/** The colours as they are now. @param {Element} element */
export function paletteOf(element) {
  const style = getComputedStyle(element);
  const font = style.getPropertyValue("--font").trim() || "sans-serif";
  return { font, ...Object.fromEntries(NAMES.map((name) => [name.replace("-", "_"), style.getPropertyValue(`--${name}`).trim()])) };
}
