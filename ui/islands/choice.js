// A choice of what lies there now: a select in the place of Gradio's text box, which keeps the value.
import { h, keyed, setAttribute, setText } from "./dom.js";

/** For the field of this name: `draw(rows)` puts it into its block, and answers that, or null while it is not drawn. */
export function createChoice(form, name) {
  const field = form.fields.find((row) => row.name === name);
  const select = h("select", { class: "choice", "aria-label": field.label });

  /** rows: `{ name, label, isOff }`; one that is off is shown and cannot be chosen. */
  function draw(rows) {
    const block = document.getElementById(field.id);
    if (!block) return null;
    if (select.parentElement !== block) block.append(select);
    keyed(select, rows, {
      key: (row) => row.name,
      make: (row) => h("option", { value: row.name }),
      update: (node, row) => {
        setText(node, row.label);
        setAttribute(node, "disabled", row.isOff ? "" : null);
      },
    });
    select.value = form.values[name] ?? "";
    return block;
  }
  select.addEventListener("change", () => form.fill({ [name]: select.value }));
  return { draw };
}
