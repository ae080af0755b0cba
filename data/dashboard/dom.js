// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements. Whatever comes from the server becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

// Outlines in a box of 24.
const ICONS = {
  enlarge: "M15 4h5v5M9 20H4v-5M20 4l-7 7M4 20l7-7",
  shrink: "M20 9h-5V4M4 15h5v5M15 9l6-6M9 15l-6 6",
  snapshot: "M4 8.5A1.5 1.5 0 0 1 5.5 7H8l1.5-2.5h5L16 7h2.5A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5zM12 16a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 12 16z",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  healthy: "m5.5 12.5 4.2 4.2 8.8-9.4",
  warning: "M12 6v7.5M12 17v.6",
  critical: "m7 7 10 10M17 7 7 17",
  busy: "M12 5v7l4.5 2.5",
  off: "M7 12h10",
  unknown: "M9 9.2A3 3 0 1 1 12 12.4V14M12 17v.6",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// h("p", { class: "note", onclick: f }, "text", element, ...)
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value);
    else if (value === true)
      element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Writing the same text again would make a screen reader speak it again.
export function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value)
    element.setAttribute(name, value);
}

export function setHidden(element, hidden) {
  if (element.hidden !== hidden)
    element.hidden = hidden;
}

// A sign of a level: shape, colour and picture differ, so that each alone tells.
export function badge() {
  return h("span", { class: "badge", "aria-hidden": "true" });
}

const LEVEL_ICONS = {
  healthy: "healthy", warning: "warning", critical: "critical", busy: "busy", off: "off", info: "unknown",
};

export function setLevel(element, level) {
  if (element.dataset.level === level)
    return;
  element.dataset.level = level;
  element.querySelector(".badge").replaceChildren(icon(LEVEL_ICONS[level] ?? "unknown"));
}

export function section(id, title, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-title` },
           h("h2", { id: `${id}-title` }, title), ...children);
}

// A command to copy.
export function command(text, copyWord, copiedWord) {
  const code = h("code", { tabindex: "0" }, text);
  const button = h("button", { type: "button", class: "copy" }, copyWord);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      setText(button, copiedWord);
    } catch {
      // Without https there is no clipboard: marked, one key copies it.
      getSelection().selectAllChildren(code);
    }
    setTimeout(() => setText(button, copyWord), 2000);
  });
  const element = h("div", { class: "command" }, code, button);
  element.set = (next) => setText(code, next);
  return element;
}

export function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// A canvas in the pixels of the screen; draw(context, width, height) in CSS pixels.
export class Drawing {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.draw = draw;
    this.pending = false;
    new ResizeObserver(() => this.redraw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  redraw() {
    if (this.pending)
      return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0)
      return;
    const ratio = devicePixelRatio || 1;
    const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== pixels[0] || this.canvas.height !== pixels[1])
      [this.canvas.width, this.canvas.height] = pixels;
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.draw(context, width, height);
  }
}
