// SPDX-License-Identifier: LGPL-2.1-or-later
// The history as lines: several charts over the same time, one crosshair through all of them, and
// marks where something happened.

import { Drawing, cssColor, h, section, setAttribute, setHidden, setText } from "/assets/dom.js";
import { _, bytes, clock as clockTime, number, percent } from "/assets/i18n.js";
import { request } from "/assets/link.js";
import { issueText, kindText } from "/assets/words.js";

const RANGES = [[900, () => `15 ${_("min")}`], [3600, () => `1 ${_("h")}`], [86400, () => `24 ${_("h")}`], [604800, () => `7 ${_("d")}`]];
const POINTS = 300;
const REFRESH_MS = 10_000;
const LEFT = 74, RIGHT = 10, TOP = 16, BOTTOM = 22;
const COLORS = ["--line-1", "--line-2", "--line-3", "--line-4"];
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

// Ticks at round values, about four; for bytes round in the unit that is shown.
function ticks(least, most, binary) {
  const rough = (most - least) / 4;
  const unit = binary ? 1024 ** Math.max(0, Math.floor(Math.log(most / 1000) / Math.log(1024) + 1)) : 1;
  const power = unit * 10 ** Math.floor(Math.log10(rough / unit));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
  const list = [];
  for (let value = Math.ceil(least / step) * step; value <= most + step / 1e6; value += step)
    list.push(value);
  return list;
}

const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800];

function timeTicks(from, to, most) {
  const step = TIME_STEPS.find((size) => (to - from) / size <= most) ?? 172800;
  const shift = new Date(from * 1000).getTimezoneOffset() * 60;
  const list = [];
  for (let time = Math.ceil((from - shift) / step) * step + shift; time <= to; time += step)
    list.push(time);
  return list;
}

class Chart {
  // lines: [{ series, name }], limits: [{ value, name }], top: the least height of the scale
  constructor(panel, { kind, title, format, top, binary = false }) {
    Object.assign(this, { panel, kind, format, top, binary });
    this.lines = [];
    this.limits = [];
    this.readout = h("span", { class: "readout" });
    this.canvas = h("canvas", {});
    this.field = h("div", {
      class: "chart", tabindex: "0", role: "slider", "aria-label": title, "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0",
    }, this.canvas);
    this.element = h("figure", { class: "chart-box", "data-chart": kind },
                     h("figcaption", {}, h("strong", {}, title), this.readout), this.field);
    this.drawing = new Drawing(this.canvas, (...all) => this.draw(...all));
    this.field.addEventListener("pointermove", (event) => {
      const box = this.field.getBoundingClientRect();
      this.panel.pointAt((event.clientX - box.left - LEFT) / Math.max(1, box.width - LEFT - RIGHT));
    });
    this.field.addEventListener("pointerleave", () => this.panel.point(null));
    this.field.addEventListener("keydown", (event) => this.panel.key(event));
    this.field.addEventListener("blur", () => this.panel.point(null));
  }

  range() {
    let most = this.top ?? 0, least = 0;
    for (const { average, most: upper, least: lower } of this.lines) {
      for (const value of upper ?? average)
        most = Math.max(most, value ?? most);
      for (const value of lower ?? average)
        least = Math.min(least, value ?? least);
    }
    return [least, most > least ? most * 1.05 : least + 1];
  }

  draw(context, width, height) {
    const { from, to, times } = this.panel.data;
    const [least, most] = this.range();
    const x = (time) => LEFT + (time - from) / (to - from) * (width - LEFT - RIGHT);
    const y = (value) => height - BOTTOM - (value - least) / (most - least) * (height - TOP - BOTTOM);
    context.font = `12px ${getComputedStyle(this.field).fontFamily}`;
    this.drawGrid(context, width, height, x, y, least, most);
    context.save();
    context.beginPath();
    context.rect(LEFT, 0, width - LEFT - RIGHT, height);
    context.clip();
    this.lines.forEach((line, i) => this.drawLine(context, line, i, times, x, y));
    this.drawMarks(context, x, height);
    context.restore();
    this.drawCross(context, x, y, height);
  }

  drawGrid(context, width, height, x, y, least, most) {
    const { from, to } = this.panel.data;
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of ticks(least, most, this.binary)) {
      context.strokeStyle = cssColor("--line");
      context.beginPath();
      context.moveTo(LEFT, Math.round(y(value)) + 0.5);
      context.lineTo(width - RIGHT, Math.round(y(value)) + 0.5);
      context.stroke();
      context.fillStyle = cssColor("--quiet");
      context.fillText(this.format(value), LEFT - 8, y(value));
    }
    for (const { value, color } of this.limits) {
      if (!value || value > most)
        continue;
      context.strokeStyle = cssColor(color);
      context.setLineDash([4, 4]);
      context.beginPath();
      context.moveTo(LEFT, y(value));
      context.lineTo(width - RIGHT, y(value));
      context.stroke();
      context.setLineDash([]);
    }
    context.textBaseline = "alphabetic";
    context.fillStyle = cssColor("--quiet");
    const room = width - LEFT - RIGHT;
    for (const time of timeTicks(from, to, Math.max(2, Math.floor(room / 90)))) {
      const text = this.panel.timeText(time);
      const half = context.measureText(text).width / 2;
      context.textAlign = "center";
      context.fillText(text, Math.min(Math.max(x(time), LEFT + half), width - RIGHT - half), height - 6);
    }
  }

  drawLine(context, { average, least, most }, index, times, x, y) {
    const color = cssColor(COLORS[index % COLORS.length]);
    const gap = this.panel.data.step * 2.5;
    if (least && most) {
      context.globalAlpha = 0.18;
      context.fillStyle = color;
      const wide = Math.max(1, x(times[1] ?? 0) - x(times[0] ?? 0));
      times.forEach((time, i) => {
        if (most[i] !== null && least[i] !== null)
          context.fillRect(x(time) - wide / 2, y(most[i]), wide, Math.max(0, y(least[i]) - y(most[i])));
      });
      context.globalAlpha = 1;
    }
    context.strokeStyle = color;
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    context.setLineDash(DASHES[index % DASHES.length]);
    context.beginPath();
    let before = null;
    times.forEach((time, i) => {
      if (average[i] === null)
        return;
      if (before === null || time - before > gap)
        context.moveTo(x(time), y(average[i]));
      else
        context.lineTo(x(time), y(average[i]));
      before = time;
    });
    context.stroke();
    context.setLineDash([]);
  }

  // A triangle on its head: something happened; larger and red: something bad.
  drawMarks(context, x, height) {
    for (const { time, severity } of this.panel.marks) {
      const size = severity === "critical" ? 6 : 4.5, at = x(time);
      context.fillStyle = cssColor({ critical: "--critical", warning: "--warning-fill" }[severity] ?? "--quiet");
      context.beginPath();
      context.moveTo(at - size, 2);
      context.lineTo(at + size, 2);
      context.lineTo(at, 2 + size * 1.6);
      context.fill();
      context.globalAlpha = 0.25;
      context.fillRect(at - 0.5, 2, 1, height - BOTTOM - 2);
      context.globalAlpha = 1;
    }
  }

  drawCross(context, x, y, height) {
    const { cursor, data } = this.panel;
    if (cursor === null || data.times[cursor] === undefined)
      return;
    const at = Math.round(x(data.times[cursor])) + 0.5;
    context.strokeStyle = cssColor("--text");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at, TOP - 8);
    context.lineTo(at, height - BOTTOM);
    context.stroke();
    this.lines.forEach(({ average }, i) => {
      if (average[cursor] === null || average[cursor] === undefined)
        return;
      context.fillStyle = cssColor(COLORS[i % COLORS.length]);
      context.beginPath();
      context.arc(at, y(average[cursor]), 3.5, 0, 2 * Math.PI);
      context.fill();
    });
  }

  // The values at the crosshair, or the names of the lines.
  say() {
    const { cursor, data } = this.panel;
    const values = this.lines.map(({ name, average }) => {
      const value = cursor === null ? undefined : average[cursor];
      return { name, text: value === undefined || value === null ? "" : this.format(value, true) };
    });
    this.readout.replaceChildren(...values.map(({ name, text }, i) => h(
      "span", { class: `key line-${i % COLORS.length + 1}` }, [name, text].filter((part) => part).join(" "))));
    setAttribute(this.field, "aria-valuemax", String(Math.max(0, data.times.length - 1)));
    setAttribute(this.field, "aria-valuenow", String(cursor ?? 0));
    setAttribute(this.field, "aria-valuetext", cursor === null ? values.map(({ name }) => name).join(", ")
      : [clockTime(data.times[cursor] * 1000, true), ...values.map(({ name, text }) => `${name} ${text || "–"}`)].join(", "));
  }
}

const EMPTY = { from: 0, to: 1, step: 1, times: [], series: {} };

export class Charts {
  constructor() {
    this.data = EMPTY;
    this.marks = [];
    this.cursor = null;
    this.seconds = RANGES[1][0];
    this.timer = 0;
    this.cameras = [];
    this.thresholds = [];
    this.build();
  }

  build() {
    const degrees = (value) => `${number(value)} °C`;
    const wide = (value) => bytes(value, true);
    const kinds = [
      { kind: "cpu", title: _("Processor"), format: percent, top: 100 }, { kind: "memory", title: _("Memory"), format: percent, top: 100 },
      { kind: "disk", title: _("Disk"), format: percent, top: 100 }, { kind: "temperature", title: _("Temperature"), format: degrees, top: 60 },
      { kind: "network", title: _("Network"), format: wide, binary: true }, { kind: "fps", title: _("Frames per second"), format: (value) => number(value, 1), top: 1 },
      { kind: "redis", title: _("Redis response"), format: (value) => `${number(value, 2)} ms`, top: 0.1 },
    ];
    this.charts = kinds.map((kind) => new Chart(this, kind));
    this.buttons = RANGES.map(([seconds, name]) => h(
      "button", { type: "button", "aria-pressed": String(seconds === this.seconds), onclick: () => this.choose(seconds) }, name()));
    this.when = h("p", { class: "when" });
    this.note = h("p", { class: "quiet" });
    this.grid = h("div", { class: "charts" }, ...this.charts.map((chart) => chart.element));
    this.element = section("history", _("History"), h(
      "div", { class: "card pad" },
      h("div", { class: "bar-row" }, h("div", { class: "choices", role: "group", "aria-label": _("Time range") }, ...this.buttons),
        this.when, h("button", { type: "button", class: "close-history", onclick: () => this.close() }, _("Close"))),
      this.note, this.grid));
    this.element.hidden = true;
  }

  open(kind) {
    setHidden(this.element, false);
    const chart = this.charts.find((one) => one.kind === kind) ?? this.charts[0];
    this.opener = document.activeElement;
    this.load();
    chart.element.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    chart.field.focus({ preventScroll: true });
  }

  close() {
    setHidden(this.element, true);
    clearTimeout(this.timer);
    this.opener?.focus();
  }

  choose(seconds) {
    this.seconds = seconds;
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(RANGES[i][0] === seconds)));
    this.load();
  }

  update(cameras, thresholds) {
    this.cameras = cameras.map(({ id }) => id);
    this.thresholds = thresholds;
  }

  async load() {
    clearTimeout(this.timer);
    if (this.element.hidden)
      return;
    this.timer = setTimeout(() => this.load(), REFRESH_MS);
    if (document.hidden)
      return;
    const { seconds } = this;
    const from = Math.floor(Date.now() / 1000) - seconds;
    const names = ["cpu", "iowait", "memory", "swap", "disk", "temperature", "rx", "tx", "redis_rtt_ms", ...this.cameras.map((id) => `camera.${id}.fps`)];
    try {
      const [history, events] = await Promise.all([
        request(`/api/history?from=${from}&points=${POINTS}&series=${encodeURIComponent(names.join(","))}`),
        request(`/api/events?from=${from}&severity=info&limit=500`)]);
      if (seconds === this.seconds)
        this.show(history, events);
    } catch {
      // The sentence tells that there is no connection.
    }
  }

  show(history, events) {
    setHidden(this.note, history.ok);
    if (!history.ok) {
      setText(this.note, _("There is no history: {reason}", { reason: history.data.detail ?? history.status }));
      return;
    }
    this.data = history.data;
    this.marks = (events.ok ? events.data.events : []).map((event) => ({
      time: Date.parse(event.timestamp) / 1000, severity: event.severity,
      text: `${kindText(event.kind)}: ${issueText(event.code, event.camera ? `camera/${event.camera}` : "", event.message, event.camera)}`,
    }));
    this.deal();
    this.point(this.cursor === null ? null : Math.min(this.cursor, this.data.times.length - 1));
  }

  deal() {
    const { series } = this.data;
    const line = (name, label) => (series[name] ? [{ name: label, ...series[name] }] : []);
    const lines = {
      cpu: [...line("cpu", _("in use")), ...line("iowait", _("waiting for disks"))], memory: [...line("memory", _("in use")), ...line("swap", _("swap"))],
      disk: line("disk", _("fullest disk")), temperature: line("temperature", _("hottest sensor")),
      network: [...line("rx", _("received")), ...line("tx", _("sent"))], redis: line("redis_rtt_ms", _("round trip")),
      fps: this.cameras.flatMap((id) => line(`camera.${id}.fps`, id)),
    };
    for (const chart of this.charts) {
      chart.lines = lines[chart.kind];
      const limits = this.thresholds.find((one) => one.quantity === chart.kind);
      chart.limits = limits ? [{ value: limits.warning, color: "--warning-fill" }, { value: limits.critical, color: "--critical" }] : [];
      setHidden(chart.element, chart.lines.length === 0);
    }
  }

  timeText(time) {
    const date = new Date(time * 1000);
    const wanted = this.seconds > 86400 ? { weekday: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return date.toLocaleString(document.documentElement.lang, wanted);
  }

  pointAt(share) {
    const { from, to, times } = this.data;
    const time = from + share * (to - from);
    if (times.length === 0 || share < 0 || share > 1)
      return;
    let best = 0;
    times.forEach((one, i) => {
      if (Math.abs(one - time) < Math.abs(times[best] - time))
        best = i;
    });
    this.point(best);
  }

  key(event) {
    const last = this.data.times.length - 1;
    const at = this.cursor ?? last;
    const moves = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: last };
    if (event.key === "Escape")
      this.close();
    if (!(event.key in moves) || last < 0)
      return;
    event.preventDefault();
    this.point(Math.min(last, Math.max(0, moves[event.key])));
  }

  point(index) {
    this.cursor = index;
    const time = index === null ? null : this.data.times[index];
    const near = time === null ? [] : this.marks.filter((mark) => Math.abs(mark.time - time) <= Math.max(this.data.step * 1.5, this.seconds / 200));
    setText(this.when, time === null ? "" : [clockTime(time * 1000, true), ...near.slice(0, 3).map(({ text }) => text)].join(" · "));
    for (const chart of this.charts) {
      chart.say();
      chart.drawing.redraw();
    }
  }
}
