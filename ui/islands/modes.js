// The tabs, and the modes of the workspace: three tabs show one panel, and only the parts of the mode in it.
import { setAttribute } from "./dom.js";
import { keep, recall } from "./prefs.js";

/** Each mode and the tab that switches it on; the panel of the first one is shown for all (`ui/tabs/workspace.py`). */
export const MODES = { text: "text-to-image", image: "image-to-image", inpaint: "inpaint" };
const PANEL = MODES.text;

const root = document.documentElement;
const modeOf = (tab) => Object.keys(MODES).find((mode) => MODES[mode] === tab);

/** Opens a tab by its id, "workspace" in the mode it was left in; Gradio owns the tabs, so its button is pressed. */
export function goTo(tab) {
  delete root.dataset.details; // on a phone they cover the page, which then cannot be scrolled
  document.getElementById(`${tab === "workspace" ? MODES[root.dataset.mode] : tab}-button`)?.click();
}

/**
 * The modes; `onChange(run)` calls `run(mode)` now and whenever it becomes another one. The mode lies on <html>, where
 * the head of the page has put the remembered one before anything is drawn, and so does whether the workspace is open.
 */
export function createModes() {
  const listeners = new Set();
  const modes = { current: () => root.dataset.mode, open: (mode) => goTo(MODES[mode]), restore, onChange };

  function opened(tab) {
    const mode = modeOf(tab);
    root.dataset.tab = mode ? "workspace" : tab;
    if (mode && mode !== root.dataset.mode) {
      root.dataset.mode = mode;
      keep("mode", mode);
      scrollTo(0, 0); // on a phone the page may be scrolled to where the other mode had its picture
      for (const run of listeners) run(mode);
    }
    describe();
    document.getElementById(`${tab}-button`)?.scrollIntoView({ block: "nearest", inline: "center" });
  }
  /** The three tabs name the one panel as theirs, and the panel is called after the one that is open. */
  function describe() {
    const mine = MODES[root.dataset.mode];
    for (const tab of Object.values(MODES)) {
      setAttribute(document.getElementById(`${tab}-button`), "aria-controls", PANEL);
    }
    setAttribute(document.getElementById(PANEL), "aria-labelledby", `${mine}-button`);
  }
  /** Gradio has drawn the tabs and opened the first one, unless somebody was faster than this script; else the one left open. */
  function restore() {
    const tab = document.querySelector("#tabs [role=tab][aria-selected=true]")?.dataset.tabId;
    if (tab && tab !== PANEL) opened(tab);
    else if (modes.current() === "text") describe();
    else goTo("workspace");
  }
  function onChange(run) {
    listeners.add(run);
    run(modes.current());
  }

  const kept = recall("mode", "text");
  root.dataset.mode = kept in MODES ? kept : "text";
  root.dataset.tab = "workspace";
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.("#tabs [role=tab]");
    if (tab) opened(tab.dataset.tabId);
  });
  return modes;
}
