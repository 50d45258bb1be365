// Short messages at the edge of the page; each can offer one thing to do.
import { h, iconButton } from "./dom.js";

const SHOWN_MS = 6000;
const SHOWN_WITH_ACTION_MS = 10000;

/** Messages; `say(text, {action: {label, run}, isError})`. Errors stay until they are closed. */
export function createToasts() {
  const host = h("div", { class: "toasts", role: "region", "aria-label": "Messages" });
  document.body.append(host);

  function say(text, { action, isError = false, key = text } = {}) {
    host.querySelector(`[data-toast="${CSS.escape(key)}"]`)?.remove();
    const close = () => toast.remove();
    const toast = h(
      "div",
      { class: "toast", role: isError ? "alert" : "status", data: { toast: key, error: isError } },
      h("p", {}, text),
    );
    if (action) {
      const run = () => (close(), action.run());
      toast.append(h("button", { type: "button", class: "toast-action", on: { click: run } }, action.label));
    }
    toast.append(iconButton("close", "Close message", close));
    host.append(toast);
    if (!isError) setTimeout(close, action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
    return close;
  }

  /** An error of the API or of the connection, in words. */
  function fail(error, options = {}) {
    const text = error.status
      ? [error.message, error.remedy].filter(Boolean).join(" ")
      : "The server does not answer. What you wrote is kept; try again in a moment.";
    return say(text, { isError: true, ...options });
  }
  return { say, fail };
}
