// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine: each quantity against its limits, with the last quarter of an hour beside it.

import { Drawing, badge, cssColor, h, section, setLevel, setText } from "/assets/dom.js";
import { _, bytes, number, percent } from "/assets/i18n.js";
import { request } from "/assets/link.js";

const SPARK_POINTS = 90;
const SPARK_STEP_MS = 10_000;
const LEVELS = { none: "healthy", warning: "warning", critical: "critical" };

class Gauge {
  constructor(kind, name, onOpen) {
    this.kind = kind;
    this.points = [];
    this.value = h("span", { class: "value" }, "–");
    this.note = h("span", { class: "quiet gauge-note" });
    this.hint = h("span", { class: "unseen" });
    this.sign = badge();
    this.bar = h("canvas", { class: "bar" });
    this.spark = h("canvas", { class: "spark" });
    this.element = h("button", { type: "button", class: "card gauge", "data-gauge": kind, onclick: () => onOpen(kind) },
                     h("span", { class: "gauge-head" }, h("span", { class: "gauge-name" }, name), this.sign),
                     this.value, this.bar, this.spark, this.note, this.hint);
    this.limits = {};
    this.barDrawing = new Drawing(this.bar, (...all) => this.drawBar(...all));
    this.sparkDrawing = new Drawing(this.spark, (...all) => this.drawSpark(...all));
  }

  // reading: value (number or null), text, note, level, warning, critical, most (the end of the bar)
  update(reading, now) {
    this.reading = reading;
    setText(this.value, reading.text);
    setText(this.note, reading.note ?? "");
    setLevel(this.element, reading.level);
    const limit = reading.warning ? _("warning at {value}", { value: reading.limitText(reading.warning) }) : "";
    setText(this.hint, [limit, _("Show the history")].filter((part) => part).join(". "));
    this.add(now, reading.value);
    this.barDrawing.redraw();
    this.sparkDrawing.redraw();
  }

  add(now, value) {
    const last = this.points[this.points.length - 1];
    if (last && now - last[0] < SPARK_STEP_MS)
      return;
    this.points.push([now, value]);
    while (this.points.length > SPARK_POINTS)
      this.points.shift();
  }

  seed(times, values) {
    const before = times.map((time, i) => [time * 1000, values[i]]);
    const first = this.points[0]?.[0] ?? Infinity;
    this.points = [...before.filter(([time]) => time < first), ...this.points].slice(-SPARK_POINTS);
    this.sparkDrawing.redraw();
  }

  color() {
    return cssColor({ warning: "--warning-fill", critical: "--critical" }[this.reading?.level] ?? "--accent");
  }

  drawBar(context, width, height) {
    const { value, most, warning, critical } = this.reading ?? {};
    context.fillStyle = cssColor("--line");
    context.beginPath();
    context.roundRect(0, 2, width, height - 4, (height - 4) / 2);
    context.fill();
    if (value !== null && value !== undefined && most) {
      context.fillStyle = this.color();
      context.beginPath();
      context.roundRect(0, 2, Math.max(height - 4, Math.min(1, value / most) * width), height - 4, (height - 4) / 2);
      context.fill();
    }
    for (const limit of [warning, critical]) {
      if (!limit || !most)
        continue;
      context.fillStyle = cssColor("--text");
      context.fillRect(Math.round(limit / most * width) - 1, 0, 2, height);
    }
  }

  drawSpark(context, width, height) {
    const known = this.points.filter(([, value]) => value !== null && value !== undefined);
    if (known.length < 2)
      return;
    const end = known[known.length - 1][0], span = SPARK_POINTS * SPARK_STEP_MS;
    const values = known.map(([, value]) => value);
    const top = Math.max(Math.max(...values) * 1.3, (this.reading?.most ?? 0) * 0.25, 1e-9), bottom = Math.min(...values, 0);
    context.beginPath();
    known.forEach(([time, value], i) => {
      const x = width - (end - time) / span * width;
      const y = height - 2 - (value - bottom) / (top - bottom) * (height - 4);
      if (i === 0)
        context.moveTo(x, y);
      else
        context.lineTo(x, y);
    });
    context.strokeStyle = this.color();
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    context.stroke();
  }
}

function reading(value, limits, most, text, note, limitText) {
  return { value, text, note, most, limitText, level: value === null ? "off" : LEVELS[limits?.level] ?? "healthy",
           warning: limits?.warning, critical: limits?.critical };
}

const worst = (list) => list.reduce((a, b) => (b.value > (a?.value ?? -Infinity) ? b : a), undefined);

export class Gauges {
  constructor(onOpen) {
    const names = { cpu: _("Processor"), memory: _("Memory"), disk: _("Disk"), temperature: _("Temperature"), network: _("Network") };
    this.gauges = Object.fromEntries(Object.entries(names).map(([kind, name]) => [kind, new Gauge(kind, name, onOpen)]));
    this.counters = null;
    this.element = section("machine", _("Machine"), h("div", { class: "gauges" }, ...Object.values(this.gauges).map((gauge) => gauge.element)));
  }

  async seed() {
    const from = Math.floor(Date.now() / 1000) - SPARK_POINTS * SPARK_STEP_MS / 1000;
    const answer = await request(`/api/history?from=${from}&points=${SPARK_POINTS}&series=cpu,memory,disk,temperature,rx,tx`).catch(() => null);
    if (!answer?.ok)
      return;
    const { times, series } = answer.data;
    for (const kind of ["cpu", "memory", "disk", "temperature"])
      if (series[kind])
        this.gauges[kind].seed(times, series[kind].average);
    if (series.rx && series.tx)
      this.gauges.network.seed(times, series.rx.average.map((rx, i) => (rx === null ? null : rx + series.tx.average[i])));
  }

  update(machine) {
    const now = Date.now();
    const limit = (quantity) => worst(machine.thresholds.filter((one) => one.quantity === quantity));
    const degrees = (value) => `${number(value)} °C`;
    const { cpu, memory, temperature } = machine;
    const show = (kind, one) => this.gauges[kind].update(one, now);
    show("cpu", reading(cpu.percent, limit("cpu"), 100, cpu.percent === null ? "–" : percent(cpu.percent),
                        cpu.load1 === null ? "" : _("Load {load} on {n} cores", { load: number(cpu.load1, 2), n: cpu.cores }), percent));
    show("memory", reading(memory?.percent ?? null, limit("memory"), 100, memory ? percent(memory.percent) : "–",
                           memory ? _("{free} of {total} free", { free: bytes(memory.available), total: bytes(memory.total) }) : "", percent));
    this.updateDisk(machine.disks, limit("disk"), show);
    show("temperature", reading(temperature, limit("temperature"), 100, temperature === null ? "–" : degrees(temperature),
                                this.heatNote(machine), degrees));
    this.updateNetwork(machine, now, show);
  }

  heatNote({ temperature, temperature_zone: zone, power }) {
    if (power?.under_voltage)
      return _("The power supply is too weak");
    if (power?.throttled)
      return _("Slowed down by heat or weak power");
    return temperature === null ? _("No sensor") : zone ?? "";
  }

  updateDisk(disks, limits, show) {
    const fullest = disks.filter((disk) => disk.percent !== null).reduce((a, b) => (b.percent > (a?.percent ?? -1) ? b : a), undefined);
    const note = !fullest ? "" : fullest.read_only ? _("{mount} is read-only", { mount: fullest.mount })
                                                   : _("{free} free at {mount}", { free: bytes(fullest.available), mount: fullest.mount });
    show("disk", reading(fullest?.percent ?? null, limits, 100, fullest ? percent(fullest.percent) : "–", note, percent));
  }

  updateNetwork({ links, default_route: route, known, measured }, now, show) {
    const chosen = links.filter((link) => !route || link.name === route);
    const sum = (name) => chosen.reduce((total, link) => total + link[name], 0);
    const before = this.counters;
    if (measured !== before?.measured) {
      this.counters = { measured, rx: sum("rx_bytes"), tx: sum("tx_bytes") };
      const seconds = before ? measured - before.measured : 0;
      const perSecond = (name) => Math.max(0, this.counters[name] - before[name]) / seconds;
      this.rates = seconds > 0 ? { rx: perSecond("rx"), tx: perSecond("tx") } : null;
    }
    const { rates } = this;
    const up = chosen.some((link) => link.up);
    const one = reading(rates ? rates.rx + rates.tx : null, null, null,
                        rates ? `↓ ${bytes(rates.rx, true)}\n↑ ${bytes(rates.tx, true)}` : "–",
                        !known ? "" : up ? _("{name} is up", { name: route ?? chosen.find((link) => link.up).name }) : _("No network"));
    one.level = !known ? "off" : up ? "healthy" : "warning";
    show("network", one);
  }
}
