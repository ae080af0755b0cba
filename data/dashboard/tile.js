// SPDX-License-Identifier: LGPL-2.1-or-later
// One camera: its picture as it comes, how it is, and what can be done.

import { badge, command, h, icon, setAttribute, setHidden, setLevel, setText } from "/assets/dom.js";
import { _, age, clock as clockTime, number } from "/assets/i18n.js";
import { request } from "/assets/link.js";
import { countdown, rate, tierText, verdictText } from "/assets/words.js";

const STALE_AFTER_S = 2.5;
const RATE_WINDOW_MS = 3000;
const LATENCY_WEIGHT = 0.15;

const reasonOf = (camera, fallback) => camera.last_error || fallback;

// How the camera is, in one word, a reason, and what helps: level, word, reason, veil, buttons.
function conditionOf(camera, seconds, heldBack) {
  const { tier, given_up: givenUp } = camera.recovery;
  const offline = (reason) => ({ kind: "offline", level: "critical", word: _("Offline"), reason, veil: true, buttons: true });
  if (camera.state === "stopped")
    return { kind: "off", level: "off", word: _("Off"), reason: _("Switched off in the configuration (enabled=false)"), veil: true };
  if (givenUp)
    return offline(reasonOf(camera, _("Every cure has been tried")));
  if (camera.state === "failed")
    return offline(reasonOf(camera, _("Its configuration needs a change")));
  if (camera.state === "no-camera")
    return offline(reasonOf(camera, _("No such camera is connected")));
  if (tier || camera.state === "respawning")
    return { kind: "recovering", level: "critical", word: _("Recovering"), veil: true, buttons: true,
             reason: tier ? tierText(tier) : _("A new worker process is being started"), detail: camera.last_error };
  if (camera.state === "starting")
    return { kind: "starting", level: "busy", word: _("Starting"), reason: _("Waiting for the first frame"), veil: true };
  if (camera.state === "stalled" || (seconds !== null && seconds > STALE_AFTER_S))
    return { kind: "stale", level: "warning", word: _("Stale"), reason: _("No new frame"), veil: true, buttons: true };
  if (heldBack)
    return { kind: "paused", level: "warning", word: _("No live picture"), veil: true,
             reason: _("Live pictures wait until the machine has recovered; the camera goes on") };
  if (camera.test_picture)
    return { kind: "test", level: "warning", word: _("Test picture"), reason: "" };
  if (camera.verdict !== "ok" && camera.verdict !== "unknown")
    return { kind: "live", level: camera.status, word: verdictText(camera.verdict), reason: "" };
  return { kind: "live", level: "healthy", word: _("Live"), reason: "" };
}

export class Tile {
  // host: clock, acknowledge(number), order(name, camera), enlarge(tile)
  constructor(id, host) {
    this.id = id;
    this.host = host;
    this.camera = null;
    this.last = null; /* the picture that is shown */
    this.shown = []; /* when the latest ones were */
    this.latency = null;
    this.condition = { kind: "" };
    this.build();
  }

  build() {
    const { id } = this;
    this.canvas = h("canvas", { width: 1280, height: 720, role: "img", "aria-label": _("Picture of camera {name}", { name: id }) });
    this.chip = h("p", { class: "chip" }, badge(), h("span", { class: "word" }));
    this.reason = h("p", { class: "reason" });
    this.detail = h("p", { class: "detail" });
    this.countdown = h("p", { class: "countdown" });
    this.buttons = h("p", { class: "buttons" }, this.button(_("Recover now"), () => this.host.order("recover", id)),
                     this.button(_("Test"), () => this.host.order("test", id)));
    this.veil = h("div", { class: "veil" }, this.reason, this.countdown, this.detail, this.buttons);
    this.stage = h("div", { class: "stage" }, this.canvas, this.veil, this.chip);
    this.enlargeButton = this.tool("enlarge", _("Enlarge"), () => this.host.enlarge(this));
    this.tools = h("div", { class: "tools" }, this.enlargeButton,
                   this.tool("snapshot", _("Save a snapshot"), () => this.snapshot()),
                   this.tool("fullscreen", _("Full screen"), () => this.fullScreen()));
    this.figures = {};
    this.element = h("article", { class: "card tile", "aria-labelledby": `camera-${id}` }, this.stage,
                     h("div", { class: "tile-body" },
                       h("div", { class: "heading" }, h("h3", { id: `camera-${id}` }, id), this.tools),
                       this.figureList("main", [["fps", _("Rate")], ["age", _("Last frame")], ["latency", _("Latency")]]),
                       this.makeDetails()));
  }

  button(word, action) {
    return h("button", { type: "button", onclick: action }, word);
  }

  tool(name, label, action) {
    return h("button", { type: "button", class: "tool", "aria-label": `${label}: ${this.id}`, title: label, onclick: action }, icon(name));
  }

  figureList(className, rows) {
    const list = h("dl", { class: `figures ${className}` });
    for (const [name, word] of rows) {
      this.figures[name] = h("dd", { "data-figure": name }, "–");
      list.append(h("div", {}, h("dt", {}, word), this.figures[name]));
    }
    return list;
  }

  makeDetails() {
    const rows = [["preview", _("Shown here")], ["target", _("Wanted rate")], ["size", _("Size")], ["verdict", _("Picture")], ["published", _("Published")],
                  ["dropped", _("Dropped")], ["stored", _("Stored")], ["restarts", _("Restarts")], ["cured", _("Faults cured")],
                  ["source", _("Source")], ["caps", _("Format")]];
    this.consume = command("", _("Copy"), _("Copied"));
    return h("details", {}, h("summary", {}, _("Details")), this.figureList("more", rows),
             h("p", { class: "quiet" }, _("Read it from a program on this machine, or just look:")), this.consume);
  }

  figure(name, text) {
    setText(this.figures[name], text);
  }

  // heldBack: no pictures come, to spare the machine.
  update(camera, redisUri, heldBack) {
    this.camera = camera;
    this.heldBack = heldBack;
    this.updated = performance.now();
    this.figure("fps", rate(camera.fps));
    this.figure("target", camera.target_fps ? rate(camera.target_fps) : "–");
    this.figure("size", camera.width ? `${camera.width} × ${camera.height}` : "–");
    this.figure("verdict", verdictText(camera.verdict));
    this.figure("published", camera.wanted ? number(camera.published) : _("{n} (nobody reads)", { n: number(camera.published) }));
    for (const name of ["dropped", "stored", "restarts"])
      this.figure(name, number(camera[name]));
    this.figure("cured", number(camera.recovery.cured));
    this.figure("source", camera.source ?? "–");
    this.figure("caps", camera.caps ?? "–");
    this.consume.set(`gst-play-1.0 ${redisUri}/${camera.channel ?? `cam:${camera.id}:frame`}`);
    this.tick();
  }

  // Seconds since the newest frame was captured: by the picture, else by what the daemon says.
  age() {
    const now = performance.now();
    const byPicture = this.last?.age === null || !this.last ? null : this.last.age + (now - this.last.received) / 1000;
    const told = this.camera?.last_frame_age;
    const byState = told === null || told === undefined ? null : told + (now - this.updated) / 1000;
    if (byPicture === null || byState === null)
      return byPicture ?? byState;
    return Math.min(byPicture, byState);
  }

  tick() {
    if (!this.camera)
      return;
    const seconds = this.age();
    this.figure("age", seconds === null ? "–" : age(seconds));
    this.figure("latency", this.latency === null ? "–" : `${number(this.latency * 1000)} ms`);
    this.figure("preview", rate(this.rate()));
    this.showCondition(conditionOf(this.camera, seconds, this.heldBack), seconds);
  }

  showCondition(condition, seconds) {
    this.condition = condition;
    setAttribute(this.element, "data-kind", condition.kind);
    setLevel(this.chip, condition.level);
    setText(this.chip.querySelector(".word"), condition.word);
    setHidden(this.veil, !condition.veil);
    setText(this.reason, condition.kind === "stale" && seconds !== null
                             ? `${condition.reason}: ${age(seconds)}` : condition.reason);
    setText(this.detail, condition.detail ?? "");
    const next = this.camera.recovery.next_attempt;
    setText(this.countdown, condition.veil && next ? countdown(Date.parse(next) - this.host.clock.now()) : "");
    setHidden(this.buttons, !condition.buttons);
  }

  // Pictures that were shown each second; null: none lately.
  rate() {
    const since = performance.now() - RATE_WINDOW_MS;
    const times = this.shown.filter((time) => time > since);
    return times.length < 2 ? null : (times.length - 1) * 1000 / (times[times.length - 1] - times[0]);
  }

  async show(picture) {
    try {
      const bitmap = await createImageBitmap(picture.jpeg);
      if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
        this.canvas.width = bitmap.width;
        this.canvas.height = bitmap.height;
      }
      this.canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
      this.note(picture);
    } catch {
      // Not a picture: the next one may be.
    }
    this.host.acknowledge(picture.number);
  }

  note(picture) {
    const now = performance.now();
    if (!this.last)
      performance.mark(`first picture of ${this.id}`);
    this.last = picture;
    this.shown.push(now);
    while (this.shown.length > 2 && this.shown[0] < now - RATE_WINDOW_MS)
      this.shown.shift();
    if (picture.age === null)
      return;
    const latency = picture.age + (now - picture.received) / 1000;
    this.latency = this.latency === null ? latency : this.latency + LATENCY_WEIGHT * (latency - this.latency);
  }

  // The pictures of before the pause are no measure of anything.
  forget() {
    this.shown = [];
    this.latency = null;
  }

  setEnlarged(enlarged) {
    this.element.classList.toggle("enlarged", enlarged);
    this.enlargeButton.replaceChildren(icon(enlarged ? "shrink" : "enlarge"));
    const label = enlarged ? _("Make smaller") : _("Enlarge");
    setAttribute(this.enlargeButton, "title", label);
    setAttribute(this.enlargeButton, "aria-label", `${label}: ${this.id}`);
  }

  fullScreen() {
    if (document.fullscreenElement)
      document.exitFullscreen();
    else
      this.stage.requestFullscreen?.();
  }

  // Taken now, in full size, whatever the page shows.
  async snapshot() {
    const answer = await request(`/api/cameras/${encodeURIComponent(this.id)}/snapshot.jpg`).catch(() => null);
    if (!answer?.ok) {
      this.host.say(_("No snapshot of {name}: {reason}", { name: this.id, reason: answer?.data.detail ?? _("no answer") }));
      return;
    }
    const url = URL.createObjectURL(answer.data);
    const stamp = new Date().toISOString().replace(/[:.]/g, "-").slice(0, 19);
    h("a", { href: url, download: `${this.id}-${stamp}.jpg` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    this.host.say(_("Snapshot of {name} saved, {time}", { name: this.id, time: clockTime(Date.now(), true) }));
  }
}
