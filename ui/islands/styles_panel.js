// The panel of prompt styles: choose several, see what is sent, save the prompt as one, edit, delete, take one out again.
import { h, iconButton, keyed, setAttribute, setText, show } from "./dom.js";

const SEARCHED_FROM = 9;

/** Chips of the chosen styles, below the prompt. */
export function mountChosen(host, { styles }) {
  const chips = h("ul", { class: "chosen-styles", "aria-label": "Styles" });
  host.append(chips);
  styles.place = host;
  styles.onChange(() => {
    show(host, styles.chosen.length > 0);
    keyed(chips, styles.chosen, {
      key: (name) => name,
      make: (name) => h("li", { class: "style-chip" }, h("span", {}, name), iconButton("close", `Without the style ${name}`, () => styles.turn(name))),
    });
  });
}

/** Fills the panel. */
export function mountStylesPanel(host, { styles, form, toasts }) {
  const search = h("input", { type: "search", class: "panel-search", placeholder: "Search styles", "aria-label": "Search styles" });
  const list = h("ul", { class: "style-list" });
  const none = h("p", { class: "hint" });
  const sent = h("p", { class: "sent-as" });
  const editor = createEditor({ styles, toasts });
  const begin = h("button", { type: "button", class: "secondary", on: { click: () => editor.open(null, form.values) } }, "Save the prompt as a style …");
  host.append(sent, search, none, list, begin, editor.element);
  search.addEventListener("input", draw);

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    show(search, styles.items.length >= SEARCHED_FROM);
    const rows = styles.items
      .filter((row) => row.name.toLowerCase().includes(wanted))
      .sort((a, b) => b.editable - a.editable); // own ones first
    setText(none, styles.problem ? "The styles cannot be loaded now." : "No style yet. A style is a piece of prompt with a name.");
    show(none, styles.items.length === 0);
    keyed(list, rows, { key: (row) => JSON.stringify(row), make: (row) => make(row), update });
    const { prompt, negative_prompt: negative } = styles.sent();
    show(sent, styles.chosen.length > 0);
    sent.replaceChildren(h("span", { class: "label" }, "Sent as "), prompt, ...(negative ? [h("span", { class: "sent-negative" }, ` without: ${negative}`)] : []));
  }
  function make(row) {
    const adds = [row.prompt, row.negative_prompt && `without: ${row.negative_prompt}`].filter(Boolean).join(" · ");
    const button = { type: "button", class: "style-row", on: { click: () => styles.turn(row.name) } };
    const takeOut = () => (form.fill(styles.without(row)), styles.chosen.includes(row.name) || styles.turn(row.name));
    return h(
      "li",
      {},
      h("button", button, h("span", { class: "style-row-name" }, row.name), h("span", { class: "style-row-adds" }, adds)),
      h("button", { type: "button", class: "quiet style-out", title: "Its words stand in the prompt: the style is chosen instead", on: { click: takeOut } }, "Take out of the prompt"),
      row.editable && iconButton("pencil", `Edit ${row.name}`, () => editor.open(row, row)),
      row.editable && iconButton("trash", `Delete ${row.name}`, () => remove(row)),
    );
  }
  function update(node, row) {
    setAttribute(node.firstElementChild, "aria-pressed", String(styles.chosen.includes(row.name)));
    show(node.querySelector(".style-out"), styles.without(row) !== null);
  }
  async function remove(row) {
    try {
      await styles.remove(row.name);
      const undo = () => styles.save(row).catch(toasts.fail);
      toasts.say(`The style ${row.name} is deleted.`, { key: "style", action: { label: "Undo", run: undo } });
    } catch (error) {
      toasts.fail(error);
    }
  }
  styles.onChange(draw);
  form.onChange(draw);
  styles.learn();
}

/** The form of one style; `open(row, values)`: `row` null makes a new one. */
function createEditor({ styles, toasts }) {
  const name = h("input", { type: "text", maxlength: 100, required: true, autocomplete: "off" });
  const prompt = h("textarea", { rows: 3, placeholder: "{prompt}, oil painting" });
  const negative = h("textarea", { rows: 2 });
  const trouble = h("p", { class: "field-error", role: "alert", hidden: true });
  let former = null;
  const field = (label, box) => h("label", { class: "panel-field" }, h("span", { class: "label" }, label), box);
  const element = h(
    "form",
    { class: "panel-form", hidden: true, on: { submit } },
    field("Name", name),
    field("Prompt; {prompt} is the place of what you write", prompt),
    field("Negative prompt", negative),
    trouble,
    h("div", { class: "panel-actions" }, h("button", { type: "submit", class: "secondary" }, "Save"), h("button", { type: "button", class: "quiet", on: { click: close } }, "Cancel")),
  );

  function open(row, values) {
    former = row?.name;
    name.value = row?.name ?? "";
    prompt.value = values.prompt ?? "";
    negative.value = values.negative_prompt ?? "";
    show(trouble, false);
    show(element, true);
    name.focus();
    element.scrollIntoView({ block: "nearest" });
  }
  function close() {
    show(element, false);
  }
  async function submit(event) {
    event.preventDefault();
    try {
      const written = { name: name.value.trim(), prompt: prompt.value, negative_prompt: negative.value };
      await styles.save(written, former ?? written.name);
      toasts.say(`The style ${written.name} is saved.`, { key: "style" });
      close();
    } catch (error) {
      setText(trouble, [error.message, error.remedy].filter(Boolean).join(" "));
      show(trouble, true);
    }
  }
  return { element, open };
}
