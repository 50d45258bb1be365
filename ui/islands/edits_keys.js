// Keys for edits as a whole: those of the canvas, with Alt, so that Ctrl+Z stays with the strokes of the mask.

/** Alt+Z takes back the last edit, Alt+Shift+Z brings it again. */
export function watchEditKeys({ stack, modes }) {
  document.addEventListener(
    "keydown",
    (event) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyZ" || modes.current() !== "inpaint") return;
      if (document.documentElement.dataset.tab !== "workspace" || !stack.project) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.shiftKey) stack.redo();
      else stack.undo();
    },
    true,
  );
}
