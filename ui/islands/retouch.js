// The island of the ways to retouch: chips, each a set of values for mask and strength, and what helps with it.
import { call } from "./api.js";
import { h, icon, keyed, setAttribute, setText, show } from "./dom.js";
import { createExtending } from "./extending.js";
import { assetUrl } from "./on_canvas.js";

const FINDS = {
  scratches: { label: "Find scratches", found: (count) => (count ? "Scratches are marked. Correct the mask, then Generate." : "No scratches found.") },
  faces: { label: "Find faces", found: (count) => (count ? `${count === 1 ? "One face is" : `${count} faces are`} marked. Correct the mask, then Generate.` : "No faces found. Mark them by hand.") },
};
const TOOLS = { tones: { label: "Restore tones", name: "Restore tones" } };

/** Fills `host`. */
export function mountRetouch(host, { presets, preset, inpainting, source, canvas, stack, onCanvas, steps, toasts }) {
  const chips = h("div", { class: "retouch-chips", role: "radiogroup", "aria-label": "What to do" });
  const says = h("p", { class: "hint" });
  const find = h("button", { type: "button", class: "secondary", on: { click: propose } });
  const tool = h("button", { type: "button", class: "secondary", on: { click: () => useTool(preset().tool) } });
  const extending = createExtending({ canvas, onCanvas, several: steps.several });
  const helps = h("div", { class: "retouch-helps" }, find, tool);
  host.append(chips, says, helps, extending.element);

  function choose(row) {
    source.change({ strength: row.source.strength });
    inpainting.choose(row.name, row.inpainting);
    if (row.extends) canvas.setTool("extend");
    else if (preset().extends === false && canvas.isOpen()) canvas.setTool("brush");
  }
  async function propose() {
    const kind = preset().proposal;
    const image = onCanvas.image();
    find.disabled = true;
    try {
      const { masks } = await call("POST", `api/v1/assets/${image}/proposals`, { json: { kind }, timeoutMs: 60000 });
      if (image !== onCanvas.image()) return;
      for (const { mask } of masks) await canvas.proposeMask(assetUrl(mask));
      toasts.say(FINDS[kind].found(masks.length), { key: "proposal" });
    } catch (error) {
      toasts.fail(error, { key: "proposal" });
    } finally {
      find.disabled = false;
    }
  }
  function useTool(name) {
    steps.use(TOOLS[name].name, { tool: name });
  }
  function draw() {
    const now = preset();
    keyed(chips, presets, {
      key: (row) => row.name,
      make: (row) => {
        const chip = { type: "button", role: "radio", class: "retouch-chip", title: row.says, on: { click: () => choose(row) } };
        return h("button", chip, icon(row.icon), h("span", {}, row.label));
      },
      update(node, row) {
        setAttribute(node, "aria-checked", String(row === now));
        setAttribute(node, "tabindex", row === now ? 0 : -1);
      },
    });
    setText(says, now.says);
    setText(find, FINDS[now.proposal]?.label ?? "");
    setText(tool, TOOLS[now.tool]?.label ?? "");
    const isReady = Boolean(onCanvas.image());
    show(find, Boolean(now.proposal));
    show(tool, Boolean(now.tool));
    find.disabled = !isReady;
    tool.disabled = !isReady || Boolean(stack.running());
    show(helps, Boolean(now.proposal || now.tool));
    extending.draw(now.extends && isReady);
    hint(now.hint);
  }
  /** The prompt says what it is for. */
  function hint(words) {
    const box = document.querySelector("#field-prompt textarea");
    if (!box) return;
    box.dataset.usual ??= box.placeholder;
    const isHere = document.documentElement.dataset.mode === "inpaint";
    box.placeholder = isHere ? words : box.dataset.usual;
  }
  chips.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = [...chips.children].at(([...chips.children].indexOf(document.activeElement) + by) % chips.children.length);
    next.focus();
    next.click();
  });
  inpainting.onChange(draw);
  stack.onChange(draw);
  onCanvas.onChange(draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-mode"] });
}
