// Tabs, by the pattern that screen readers know: one of them is in the tab order, arrows go between them.

/** @param {Element} list with `role="tablist"` @param {(id: string) => void} onShow is given the tab's id */
export function makeTabs(list, onShow) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const show = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    onShow(chosen.id);
  };
  list.addEventListener("click", ({ target }) => tabs.includes(target) && show(target));
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    next.focus();
    show(next);
  });
}
