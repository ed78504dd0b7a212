// The forms: sliders for the service and its callers, numbers for the breaker.
import { asText, FIELDS, fieldsOf, RULES, withinRange } from "../sim/settings.js";
import { make } from "./dom.js";

/**
 * Sliders and switches.
 *
 * @param {Element} parent
 * @param {readonly import("../sim/settings.js").Setting[]} settings
 * @param {(name: string, value: number | boolean) => void} onChange
 * @returns a function that shows values
 */
export function makeSliders(parent, settings, onChange) {
  const shows = settings.map((setting) => {
    const { name, label, min, max, step, usual, hint } = setting;
    const isSwitch = typeof usual === "boolean";
    const input = make("input", { id: `set-${name}`, type: isSwitch ? "checkbox" : "range" });
    if (!isSwitch) Object.assign(input, { min, max, step });
    const output = make("output", { htmlFor: input.id });
    const text = (value) => (isSwitch ? "" : asText(setting, value));
    const title = make("span", { textContent: label });
    if (hint && !hint.startsWith("0:")) title.append(make("small", { textContent: ` ${hint}` }));
    parent.append(make("label", { className: isSwitch ? "switch" : "slider", htmlFor: input.id }, title, output, input));
    input.addEventListener("input", () => {
      const value = isSwitch ? input.checked : withinRange(setting, input.value);
      output.textContent = text(value);
      onChange(name, value);
    });
    return (values) => {
      if (isSwitch) input.checked = values[name];
      else if (document.activeElement !== input) input.value = String(values[name]);
      const shown = text(values[name]);
      if (output.textContent !== shown) output.textContent = shown;
    };
  });
  return (values) => shows.forEach((show) => show(values));
}

/**
 * The breaker's rule and the fields that it knows; an empty field has its default.
 *
 * @param {Element} parent
 * @param {(config: Record<string, any>) => void} onChange
 * @returns a function that shows a configuration
 */
export function makeConfig(parent, onChange) {
  let config = { rule: "consecutive", adaptive: false };
  const change = (name, value) => {
    config = { ...config, [name]: value };
    if (value === undefined) delete config[name];
    showFields();
    onChange(config);
  };

  const rule = make("select", { id: "set-rule" }, ...RULES.map(({ name, label }) => make("option", { value: name, textContent: label })));
  rule.addEventListener("change", () => change("rule", rule.value));
  const adaptive = make("input", { id: "set-adaptive", type: "checkbox" });
  adaptive.addEventListener("change", () => change("adaptive", adaptive.checked));
  const rows = new Map(FIELDS.map((field) => [field.name, makeNumber(field, (value) => change(field.name, value))]));
  const isAdaptive = ({ adaptive: is }) => is === true;
  const elements = (fields) => fields.map(({ name }) => rows.get(name).element);
  parent.append(
    make("label", { className: "number wide", htmlFor: rule.id }, make("span", { textContent: "Opens by" }), rule),
    ...elements(FIELDS.filter((field) => !isAdaptive(field))),
    make("label", { className: "switch", htmlFor: adaptive.id }, make("span", { textContent: "The way back adapts" }), adaptive),
    ...elements(FIELDS.filter(isAdaptive)),
  );

  function showFields() {
    const known = new Set(fieldsOf(config).map(({ name }) => name));
    for (const { name, needs } of FIELDS) {
      const { element, input } = rows.get(name);
      element.hidden = !known.has(name);
      input.disabled = needs !== undefined && config[needs] === undefined;
    }
  }

  return (shown) => {
    config = { ...shown };
    rule.value = config.rule;
    adaptive.checked = config.adaptive;
    for (const { name } of FIELDS) rows.get(name).input.value = config[name] === undefined ? "" : String(config[name]);
    showFields();
  };
}

function makeNumber({ name, label, unit, min, max, usual }, onChange) {
  const step = unit === "s" ? "any" : 1;
  const input = make("input", { id: `set-${name}`, type: "number", min, max, step, placeholder: usual === undefined ? "–" : String(usual) });
  input.addEventListener("change", () => onChange(input.value === "" ? undefined : Number(input.value)));
  const title = make("span", { textContent: label });
  if (unit) title.append(make("small", { textContent: ` ${unit}` }));
  return { input, element: make("label", { className: "number", htmlFor: input.id }, title, input) };
}
