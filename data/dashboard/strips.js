// SPDX-License-Identifier: LGPL-2.1-or-later
// A day at a glance: one strip each for a camera, Redis and the service. The pointer, or the arrow
// keys, tell when and why.

import { Drawing, cssColor, h, section, setAttribute, setHidden, setText } from "/assets/dom.js";
import { _, clock as clockTime, number } from "/assets/i18n.js";
import { request } from "/assets/link.js";
import { issueText } from "/assets/words.js";

const CELLS = 144;
const STEP_S = 600;
const REFRESH_MS = 60_000;
const GOOD = 0.995;

// What a cell says: unknown, up, partly, down. Height and colour both tell.
const SHAPES = {
  up: { height: 1, color: "--healthy" }, partly: { height: 0.62, color: "--warning-fill" },
  down: { height: 0.3, color: "--critical" }, unknown: { height: 0.08, color: "--line-strong" },
};

function kindOf(share) {
  if (share === null || share === undefined)
    return "unknown";
  return share >= GOOD ? "up" : share <= 0.005 ? "down" : "partly";
}

class Strip {
  constructor(name, part) {
    this.name = name;
    this.part = part;
    this.cells = Array(CELLS).fill(null);
    this.events = [];
    this.cursor = CELLS - 1;
    this.canvas = h("canvas", {});
    this.tip = h("div", { class: "tip", hidden: true });
    this.share = h("span", { class: "share" });
    this.field = h("div", {
      class: "strip", tabindex: "0", role: "slider", "aria-valuemin": "0", "aria-valuemax": String(CELLS - 1),
      "aria-valuenow": String(CELLS - 1),
      "aria-label": _("{name}, the last 24 hours", { name }),
    }, this.canvas, this.tip);
    this.element = h("div", { class: "strip-row" }, h("span", { class: "strip-name" }, name), this.field, this.share);
    this.drawing = new Drawing(this.canvas, (context, width, height) => this.draw(context, width, height));
    this.listen();
  }

  listen() {
    this.field.addEventListener("pointermove", (event) => {
      const box = this.field.getBoundingClientRect();
      this.point(Math.floor((event.clientX - box.left) / box.width * CELLS));
    });
    this.field.addEventListener("pointerleave", () => {
      if (document.activeElement !== this.field)
        this.hide();
    });
    this.field.addEventListener("focus", () => this.point(this.cursor));
    this.field.addEventListener("blur", () => this.hide());
    this.field.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: this.cursor - 1, ArrowRight: this.cursor + 1, ArrowDown: this.cursor - 1,
                      ArrowUp: this.cursor + 1, Home: 0, End: CELLS - 1,
                      PageUp: this.cursor - 6, PageDown: this.cursor + 6 };
      if (event.key === "Escape")
        this.hide();
      if (!(event.key in moves))
        return;
      event.preventDefault();
      this.point(moves[event.key]);
    });
  }

  update(begin, cells, events) {
    this.begin = begin;
    this.cells = cells;
    this.events = events;
    const known = cells.filter((share) => share !== null);
    const sum = known.reduce((total, share) => total + share, 0);
    setText(this.share, known.length === 0 ? "–" : `${number(Math.floor(sum / known.length * 1000) / 10, 1)} %`);
    this.say();
    this.drawing.redraw();
  }

  draw(context, width, height) {
    const slot = width / CELLS;
    const gap = slot > 4 ? 1.5 : slot > 2.5 ? 0.8 : 0;
    this.cells.forEach((share, index) => {
      const shape = SHAPES[kindOf(share)];
      const tall = Math.max(2, height * shape.height);
      context.fillStyle = cssColor(shape.color);
      context.fillRect(index * slot, height - tall, slot - gap, tall);
    });
    if (this.tip.hidden)
      return;
    context.strokeStyle = cssColor("--text");
    context.lineWidth = 2;
    context.strokeRect(this.cursor * slot - 1, 1, Math.max(slot, 3) + 1, height - 2);
  }

  words() {
    const from = (this.begin + this.cursor * STEP_S) * 1000;
    const when = `${clockTime(from)} – ${clockTime(from + STEP_S * 1000)}`;
    const share = this.cells[this.cursor];
    const how = { up: _("up"), partly: _("up {percent} of the time", { percent: `${number((share ?? 0) * 100)} %` }),
                  down: _("down"), unknown: _("nothing is known") }[kindOf(share)];
    const why = this.events.filter(({ time }) => time >= from && time < from + STEP_S * 1000).map(({ text }) => text);
    return { when, how, why: [...new Set(why)].slice(0, 4) };
  }

  say() {
    if (this.begin === undefined)
      return;
    const { when, how, why } = this.words();
    setAttribute(this.field, "aria-valuenow", String(this.cursor));
    setAttribute(this.field, "aria-valuetext", [when, how, ...why].join(", "));
    if (!this.tip.hidden)
      this.tip.replaceChildren(h("strong", {}, when), h("span", {}, how), ...why.map((text) => h("span", { class: "why" }, text)));
  }

  point(index) {
    this.cursor = Math.min(CELLS - 1, Math.max(0, index));
    setHidden(this.tip, false);
    this.say();
    const share = (this.cursor + 0.5) / CELLS;
    this.tip.style.left = `${share * 100}%`;
    this.tip.style.translate = `${-share * 100}% 0`;
    this.drawing.redraw();
  }

  hide() {
    setHidden(this.tip, true);
    this.drawing.redraw();
  }
}

export class Strips {
  constructor() {
    this.strips = new Map();
    this.rows = h("div", { class: "strips" });
    this.note = h("p", { class: "quiet" }, _("The history is being loaded…"));
    this.element = section("day", _("The last 24 hours"), h("div", { class: "card pad" }, this.rows, this.scale(), this.note));
    this.ids = [];
    this.timer = 0;
  }

  scale() {
    const legend = [["up", _("up")], ["partly", _("partly up")], ["down", _("down")], ["unknown", _("not known")]];
    return h("div", { class: "strip-row scale" }, h("span", { class: "strip-name" }),
             h("div", { class: "hours quiet" }, ...[24, 18, 12, 6].map((hours) => h("span", {}, `−${hours} ${_("h")}`)), h("span", {}, _("now"))),
             h("div", { class: "legend quiet" }, ...legend.map(([kind, word]) => h("span", { class: `key ${kind}` }, word))));
  }

  setCameras(ids) {
    if (ids.join() === this.ids.join() && this.strips.size > 0)
      return;
    this.ids = ids;
    const wanted = [...ids.map((id) => [`camera.${id}.up`, id, `camera/${id}`]),
                    ["redis_up", "Redis", "redis"], ["service_up", _("Service"), "daemon"]];
    this.strips = new Map(wanted.map(([series, name, part]) => [series, this.strips.get(series) ?? new Strip(name, part)]));
    this.rows.replaceChildren(...[...this.strips.values()].map((strip) => strip.element));
    this.load();
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), REFRESH_MS);
    if (document.hidden || this.strips.size === 0)
      return;
    const begin = (Math.floor(Date.now() / 1000 / STEP_S) + 1 - CELLS) * STEP_S;
    const series = [...this.strips.keys()].join(",");
    try {
      const [history, events] = await Promise.all([
        request(`/api/history?from=${begin}&step=${STEP_S}&series=${encodeURIComponent(series)}`),
        request(`/api/events?from=${begin}&severity=warning&limit=1000`)]);
      this.show(begin, history, events);
    } catch {
      // The sentence tells that there is no connection.
    }
  }

  show(begin, history, events) {
    setHidden(this.note, history.ok);
    if (!history.ok) {
      setText(this.note, history.status === 401 ? _("The history needs a token.")
                                                : _("There is no history: {reason}", { reason: history.data.detail ?? history.status }));
      return;
    }
    const list = (events.ok ? events.data.events : []).map((event) => ({
      part: event.camera ? `camera/${event.camera}` : null, kind: event.kind, time: Date.parse(event.timestamp),
      text: issueText(event.code, event.camera ? `camera/${event.camera}` : "", event.message, event.camera),
    }));
    const index = history.data.times.map((time) => Math.round((time - begin) / STEP_S));
    for (const [name, strip] of this.strips)
      strip.update(begin, this.cells(name, index, history.data.series), list.filter((event) => this.concerns(event, strip.part)));
  }

  concerns(event, part) {
    return part.startsWith("camera/") ? event.part === part : event.part === null;
  }

  cells(name, index, series) {
    const cells = Array(CELLS).fill(null);
    (series[name]?.average ?? []).forEach((share, i) => {
      if (index[i] >= 0 && index[i] < CELLS)
        cells[index[i]] = share;
    });
    // Nothing is kept while the daemon does not run: what is missing between two values is that.
    if (name === "service_up") {
      const first = cells.findIndex((share) => share !== null), last = cells.findLastIndex((share) => share !== null);
      for (let i = first; i >= 0 && i < last; i++)
        cells[i] ??= 0;
    }
    return cells;
  }
}
