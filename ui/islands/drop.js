// A picture that is dropped on the page or pasted into it gives its settings to the form.
import { call } from "./api.js";
import { h, show } from "./dom.js";

const TIMEOUT_MS = 60000;
const WHO_DOES = "Pictures that were made here do, and those of programs that write them in the same way.";

/** Watches the whole page for files. `useRequest(request, parameters)` takes up what was found. */
export function watchDrops({ toasts, useRequest }) {
  const veil = h(
    "div",
    { class: "drop-veil", hidden: true },
    h("p", {}, "Drop the picture to take up its settings"),
  );
  document.body.append(veil);
  let depth = 0;
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const hide = () => {
    depth = 0;
    show(veil, false);
  };

  const listen = (name, run) =>
    document.addEventListener(
      name,
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        run(event);
      },
      true,
    );
  listen("dragenter", () => show(veil, ++depth > 0));
  listen("dragover", () => {});
  listen("dragleave", () => --depth <= 0 && hide());
  listen("drop", (event) => {
    hide();
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener(
    "paste",
    (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (!file) return;
      event.preventDefault();
      take(file);
    },
    true,
  );

  async function take(file) {
    if (!file) return;
    const body = new FormData();
    body.append("file", file, file.name || "pasted.png");
    try {
      const asset = await call("POST", "api/v1/assets", { body, timeoutMs: TIMEOUT_MS });
      if (asset.request) useRequest(asset.request);
      else
        toasts.say(`${file.name || "This picture"} carries no settings. ${WHO_DOES}`, {
          isError: true,
          key: "drop",
        });
    } catch (error) {
      toasts.fail(error, { key: "drop" });
    }
  }
}
