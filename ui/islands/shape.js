// The shape of the picture: six aspect ratios of about the checkpoint's own area, and dice and reuse for the seed.
import { h, iconButton, keyed, setAttribute, setText } from "./dom.js";
import { createHint, drawHint, isSizeOff } from "./recommended.js";

const RATIOS = [
  [1, 1],
  [4, 3],
  [3, 4],
  [3, 2],
  [2, 3],
  [16, 9],
];

/** Width and height of about `areaPx`, both multiples of `unit`: of 64 where the picture is large, else of 8. */
export function sized([across, down], areaPx, unit = areaPx >= 256 * 256 ? 64 : 8) {
  const width = Math.sqrt((areaPx * across) / down);
  return [width, (width * down) / across].map((side) => Math.max(64, Math.round(side / unit) * unit));
}

/** The row of shapes. It writes width and height into the form, and shows which shape they are. */
export function mountShape(host, { form, checkpoint }) {
  const size = h("span", { class: "value" });
  const chips = h("div", { class: "chips", role: "radiogroup", "aria-label": "Shape" });
  const best = () => ({ width: checkpoint.defaults.width, height: checkpoint.defaults.height });
  const hint = createHint(() => form.fill(best()));
  host.append(h("div", { class: "label-row" }, h("span", { class: "label" }, "Shape"), size), chips, hint);

  const sizes = () => {
    const { width, height } = checkpoint.defaults;
    return RATIOS.map((ratio) => ({ label: ratio.join(":"), ratio, size: sized(ratio, width * height) }));
  };
  const isChosen = (row) => row.size[0] === form.values.width && row.size[1] === form.values.height;
  const choose = (row) => form.fill({ width: row.size[0], height: row.size[1] });

  function draw() {
    const rows = sizes();
    const chosen = Math.max(0, rows.findIndex(isChosen));
    setText(size, `${form.values.width} × ${form.values.height} px`);
    const isOff = checkpoint.isKnown && isSizeOff(form.values, best());
    drawHint(hint, isOff ? `${best().width} × ${best().height} px` : "");
    keyed(chips, rows, {
      key: (row) => `${row.label} ${row.size}`,
      make: (row) => chip(row, () => choose(row)),
      update: (node, row) => {
        setAttribute(node, "aria-checked", String(isChosen(row)));
        setAttribute(node, "tabindex", row === rows[chosen] ? 0 : -1);
      },
    });
  }
  chips.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [...chips.children];
    const next = all.at((all.indexOf(document.activeElement) + by) % all.length);
    next.focus();
    next.click();
  });
  form.onChange(draw);
  checkpoint.onChange(draw);
}

function chip({ label, ratio: [across, down], size: [width, height] }, onPick) {
  const scale = 14 / Math.max(across, down);
  const outline = h("span", {
    class: "outline",
    style: `width:${across * scale}px;height:${down * scale}px`,
    "aria-hidden": "true",
  });
  const title = `${width} × ${height} px`;
  const button = { type: "button", role: "radio", class: "chip", title, on: { click: onPick } };
  return h("button", button, outline, label);
}

/** Dice (roll a new seed each time) and reuse (the seed of the picture in view). */
export function mountSeed(host, { form, seedInView }) {
  host.append(
    iconButton("dice", "Roll a new seed each time", () => form.fill({ seed: -1 })),
    iconButton("retry", "Reuse the seed of the picture in view", () => {
      const seed = seedInView();
      if (seed !== null) form.fill({ seed });
    }),
  );
}
