// Settings files of Deforum: opened with a word about each key, and written, so that an animation can go on there.
import { call } from "../api.js";
import { h, icon, iconButton, setText, show } from "../dom.js";
import { inWords } from "../problems.js";
import { STILL_START } from "./still_fields.js";

const FATES = [
  ["applied", "Taken over"],
  ["approximated", "Nearly the same here"],
  ["ignored", "Not used here"],
];
const NAME = "deforum-settings.txt";

/** The part: `element` is where files are opened and reported on, `buttons` open it and save; `read(file)` opens a file. */
export function createDeforum({ draft, toasts }) {
  const file = h("input", { type: "file", accept: ".txt,.json,text/plain,application/json", hidden: true, on: { change: () => (file.files.length && read(file.files[0]), (file.value = "")) } });
  const text = h("textarea", { rows: 4, id: "deforum-text", spellcheck: "false", placeholder: '{"W": 512, "H": 512, "max_frames": 120, …}', on: { input: () => (go.disabled = !text.value.trim()) } });
  const go = h("button", { type: "button", class: "primary", disabled: true, on: { click: () => take(text.value) } }, "Read it");
  const choose = h("button", { type: "button", class: "secondary", on: { click: () => file.click() } }, "Choose a file");
  const wrong = h("p", { class: "field-note", role: "alert", hidden: true });
  const asking = h("div", { class: "deforum-ask" }, h("label", { class: "label", for: text.id }, "Paste the text of a settings file, or choose or drop the file"), text, wrong, h("div", { class: "deforum-actions" }, choose, go));
  const report = h("div", { class: "deforum-report", hidden: true });
  const title = h("h3");
  const element = h("section", { class: "deforum", "aria-label": "Settings of Deforum", hidden: true }, h("header", {}, title, iconButton("close", "Close", close)), asking, report, file);
  const opener = h("button", { type: "button", class: "secondary", on: { click: open } }, icon("unload"), h("span", {}, "Open settings…"));
  const saver = h("button", { type: "button", class: "secondary", on: { click: save } }, icon("download"), h("span", {}, "Save settings…"));

  function open() {
    setText(title, "Settings of Deforum");
    show(element, true);
    show(asking, true);
    show(report, false);
    show(wrong, false);
    element.scrollIntoView({ block: "nearest" });
    text.focus();
  }
  function close() {
    show(element, false);
    opener.focus();
  }
  const read = async (given) => take(await given.text(), given.name);

  async function take(given, name = "") {
    try {
      const found = await call("POST", "api/v1/video/deforum/read", { json: { text: given } });
      const undo = draft.take({ settings: found.settings, still: { ...STILL_START, ...found.request } });
      toasts.say("The settings are taken over.", { key: "videos", action: { label: "Undo", run: undo } });
      text.value = "";
      tell(found.report, name);
    } catch (error) {
      if (!error.status) return toasts.fail(error, { key: "videos" });
      open();
      if (!name) text.value = given;
      setText(wrong, inWords({ why: error.message, remedy: error.remedy }));
      show(wrong, true);
    }
  }
  function tell(rows, name) {
    setText(title, name ? `What became of ${name}` : "What became of the settings");
    const groups = FATES.map(([fate, label]) => group(label, rows.filter((row) => row.fate === fate))).filter(Boolean);
    report.replaceChildren(...groups);
    show(element, true);
    show(asking, false);
    show(report, true);
    element.scrollIntoView({ block: "nearest" });
  }
  async function save() {
    try {
      const json = { settings: draft.settings, request: draft.flat() };
      const written = await call("POST", "api/v1/video/deforum/write", { json });
      const address = URL.createObjectURL(new Blob([written.text], { type: "text/plain" }));
      h("a", { href: address, download: NAME }).click();
      setTimeout(() => URL.revokeObjectURL(address));
    } catch (error) {
      toasts.fail(error, { key: "videos" });
    }
  }
  return { element, buttons: [opener, saver], read };
}

/** Keys of one fate; those that are as Deforum has them by itself are shown when asked for. */
function group(label, rows) {
  if (!rows.length) return null;
  const own = rows.filter((row) => !row.is_default);
  const list = h("dl", { class: "deforum-rows" }, ...own.map(line));
  const rest = rows.length - own.length;
  const more = rest > 0 && h("button", { type: "button", class: "quiet", on: { click: () => (list.replaceChildren(...rows.map(line)), more.remove()) } }, `Show all ${rows.length}, with ${rest} that are as Deforum begins`);
  return h("section", { class: "deforum-group" }, h("h4", {}, `${label} (${own.length})`), list, more);
}

const line = ({ key, value, why }) => h("div", {}, h("dt", {}, key), h("dd", {}, h("code", {}, value), why && h("span", {}, why)));
