// The panels below the prompt, one open at a time: styles, wildcards, how the prompt is read; and the bar that opens them.
import { h, setAttribute, setText, show } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { plural } from "./words.js";

const PANELS = { styles: "Styles", wildcards: "Wildcards", explain: "Explain" };

/** `toggle(name)`, `current()`, `onChange(run)`; it stays as it was left. */
export function createPanels() {
  const listeners = new Set();
  let open = recall("panel", "");

  function toggle(name) {
    open = open === name ? "" : name;
    keep("panel", open);
    for (const run of listeners) run(open);
  }
  return { toggle, current: () => open, onChange: (run) => (listeners.add(run), run(open)) };
}

/** The bar above the prompt: a button for each panel, how many warnings there are, and the tokens. */
export function mountBar(host, { panels, explaining }) {
  const count = h("span", { class: "tokens", title: "Tokens of the prompt; a text encoder reads 75 at a time" });
  const warnings = h("span", { class: "bar-warnings", hidden: true });
  const buttons = Object.entries(PANELS).map(([name, label]) => {
    const open = { click: () => panels.toggle(name) };
    return h("button", { type: "button", class: "bar-button", data: { panel: name }, "aria-controls": `panel-${name}`, on: open }, label);
  });
  buttons.at(-1).append(warnings);
  host.append(h("div", { class: "prompt-bar" }, ...buttons, count));

  panels.onChange((open) => {
    for (const button of buttons) setAttribute(button, "aria-expanded", String(button.dataset.panel === open));
  });
  explaining.onChange(() => {
    const { answer } = explaining;
    const found = explaining.warnings().length;
    if (answer) setText(count, `${answer.prompt.tokens} / ${answer.prompt.limit}`);
    setText(warnings, String(found));
    setAttribute(warnings, "aria-label", plural(found, "warning"));
    show(warnings, found > 0);
  });
}

/** The place of the panels; `fill` has a function for each that is called with its host when it is first opened. */
export function mountPanels(host, { panels, fill }) {
  const hosts = Object.entries(PANELS).map(([name, label]) =>
    h("div", { id: `panel-${name}`, class: "prompt-panel", role: "region", "aria-label": label, tabindex: "0", hidden: true }),
  );
  host.append(...hosts);
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    document.querySelector(`.bar-button[data-panel=${panels.current()}]`)?.focus();
    panels.toggle(panels.current());
  });
  panels.onChange((open) => {
    for (const one of hosts) {
      const name = one.id.replace("panel-", "");
      if (name === open && !("filled" in one.dataset)) {
        one.dataset.filled = "";
        fill[name](one);
      }
      show(one, name === open);
    }
    show(host, Boolean(open));
  });
}
