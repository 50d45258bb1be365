// A question before something that cannot be undone: what will happen, and two buttons.
import { h } from "./dom.js";

/** Answers whether the user agrees. */
export function ask({ title, text, yes, no = "Keep it" }) {
  return new Promise((done) => {
    const refuse = h("button", { type: "button", class: "secondary", on: { click: () => dialog.close() } }, no);
    const agree = h("button", { type: "button", class: "secondary", on: { click: () => dialog.close("yes") } }, yes);
    const dialog = h("dialog", { class: "shortcuts ask", "aria-label": title }, h("h2", {}, title), h("p", {}, text), h("div", { class: "ask-actions" }, agree, refuse));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    refuse.focus();
  });
}
