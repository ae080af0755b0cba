// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: one connection, and who is told of what comes through it.

import { Actions } from "/assets/actions.js";
import { Alerts } from "/assets/alerts.js";
import { Charts } from "/assets/charts.js";
import { h, section, setAttribute, setHidden, setText } from "/assets/dom.js";
import { Gauges } from "/assets/gauges.js";
import { _, duration, loadLanguage } from "/assets/i18n.js";
import { Link } from "/assets/link.js";
import { Log } from "/assets/log.js";
import { Sentence } from "/assets/sentence.js";
import { Strips } from "/assets/strips.js";
import { Tile } from "/assets/tile.js";
import { picturesHeldBack } from "/assets/words.js";

const TICK_MS = 100;
const SAY_MS = 6000;
const EVENTS_RELOAD_MS = 2000;

const byId = (id) => document.getElementById(id);

// The server's time: a countdown must not depend on this machine's clock.
class Clock {
  offset = 0;

  set(timestamp) {
    this.offset = Date.parse(timestamp) - Date.now();
  }

  now() {
    return Date.now() + this.offset;
  }
}

class Page {
  constructor() {
    this.clock = new Clock();
    this.state = null;
    this.stateAt = 0;
    this.tiles = new Map();
    this.link = new Link({
      linkChanged: (link) => this.linkChanged(link), hello: () => {}, state: (state) => this.show(state),
      event: () => this.eventCame(), alert: (alert) => this.alerts.add(alert), picture: (picture) => this.picture(picture),
    });
    this.build();
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    setInterval(() => this.tick(), TICK_MS);
    this.link.connect();
  }

  build() {
    const { clock } = this;
    const say = (text) => this.say(text);
    this.sentence = new Sentence(clock, (text) => this.link.useToken(text));
    this.grid = h("div", { class: "tiles" });
    this.cameras = section("cameras", _("Cameras"), this.grid);
    this.strips = new Strips();
    this.charts = new Charts();
    this.gauges = new Gauges((kind) => this.charts.open(kind));
    this.alerts = new Alerts({ clock, say });
    this.log = new Log();
    this.actions = new Actions({
      role: () => this.link.role, hostname: () => this.state?.status.hostname ?? "", uptime: () => this.state?.status.started,
      linkStatus: () => this.link.status,
    });
    this.toast = h("p", { class: "toast", hidden: true });
    this.sections = [this.cameras, this.strips.element, this.gauges.element, this.charts.element, this.alerts.element, this.log.element, this.actions.element];
    this.rest = h("div", { class: "rest", hidden: true }, ...this.sections);
    this.cameras.tabIndex = -1;
    byId("main").replaceChildren(this.sentence.element, this.rest, this.toast);
    setText(byId("skip"), _("Skip to the cameras"));
    this.footer = { version: h("span", {}), uptime: h("span", {}) };
    byId("bottom").replaceChildren(this.footer.version, this.footer.uptime, ...["/api/status", "/api/health/summary", "/metrics"].map((path) => h("a", { href: path }, path)));
    this.tileHost = {
      clock, say, acknowledge: (number) => this.link.acknowledge(number), order: (name, id) => this.actions.open(name, id), enlarge: (tile) => this.enlarge(tile),
    };
  }

  linkChanged(link) {
    setAttribute(document.body, "data-link", link.status);
    setHidden(this.rest, this.state === null || link.status === "token");
    if (link.status === "open") {
      this.fresh = true;
      return;
    }
    this.sentence.showLink(link);
    this.tick();
    this.showHead();
  }

  show(state) {
    this.state = state;
    this.stateAt = performance.now();
    this.clock.set(state.status.timestamp);
    setHidden(this.rest, false);
    this.sentence.update(state);
    this.showTiles(state);
    const ids = state.cameras.map(({ id }) => id);
    this.strips.setCameras(ids);
    this.gauges.update(state.machine);
    this.charts.update(state.cameras, state.machine.thresholds);
    this.alerts.update(state.alerts);
    this.actions.setCameras(ids);
    setText(byId("host"), state.status.hostname);
    setText(this.footer.version, `Camwarden ${state.status.version}`);
    setText(this.footer.uptime, _("running for {time}", { time: duration(state.status.uptime) }));
    this.showHead();
    if (this.fresh) {
      this.fresh = false;
      this.alerts.load();
      this.gauges.seed();
      this.strips.load();
    }
  }

  showTiles({ cameras, machine, status }) {
    const ids = new Set(cameras.map(({ id }) => id));
    for (const [id, tile] of this.tiles)
      if (!ids.has(id)) {
        tile.element.remove();
        this.tiles.delete(id);
      }
    for (const camera of cameras) {
      if (!this.tiles.has(camera.id)) {
        const tile = new Tile(camera.id, this.tileHost);
        this.tiles.set(camera.id, tile);
        this.grid.append(tile.element);
      }
      this.tiles.get(camera.id).update(camera, status.redis.uri, picturesHeldBack(machine));
    }
    setHidden(this.cameras, cameras.length === 0);
    this.grid.classList.toggle("single", cameras.length === 1);
    this.chooseViews();
  }

  // Pictures of what can be seen, and none while nobody sees the page.
  chooseViews() {
    const large = [...this.tiles.values()].find((tile) => tile.element.classList.contains("enlarged"));
    const wanted = [...this.tiles.values()].filter((tile) => tile.camera.state !== "stopped" && (!large || tile === large));
    this.link.view(document.hidden ? [] : wanted.map((tile) => tile.id));
  }

  picture(picture) {
    const tile = this.tiles.get(picture.camera);
    if (tile)
      tile.show(picture);
    else
      this.link.acknowledge(picture.number);
  }

  enlarge(tile) {
    const enlarged = !tile.element.classList.contains("enlarged");
    for (const other of this.tiles.values())
      other.setEnlarged(other === tile && enlarged);
    this.grid.classList.toggle("one-large", enlarged);
    this.chooseViews();
  }

  visibilityChanged() {
    for (const tile of this.tiles.values())
      tile.forget();
    if (this.tiles.size > 0)
      this.chooseViews();
    if (!document.hidden)
      this.strips.load();
  }

  eventCame() {
    clearTimeout(this.eventTimer);
    this.eventTimer = setTimeout(() => this.strips.load(), EVENTS_RELOAD_MS);
  }

  tick() {
    if (document.hidden)
      return;
    const seconds = this.state ? (performance.now() - this.stateAt) / 1000 : null;
    const { status } = this.link;
    if (status === "lost" || (status === "connecting" && this.state))
      this.sentence.showLost(seconds);
    else if (status === "open")
      this.sentence.tick();
    for (const tile of this.tiles.values())
      tile.tick();
    const words = { open: _("Live"), lost: _("Reconnecting"), connecting: _("Connecting"), token: _("Locked") };
    setText(byId("link-state"), words[status]);
  }

  // Title and icon say how it is, also in a tab at the back.
  showHead() {
    const level = this.link.status === "open" ? this.sentence.level : "lost";
    const host = this.state ? ` – ${this.state.status.hostname}` : "";
    const title = `${this.sentence.text.textContent.replace(/\.$/, "")}${host} – Camwarden`;
    if (document.title !== title)
      document.title = title;
    const file = { healthy: "icon-healthy.svg", warning: "icon-warning.svg", critical: "icon-critical.svg" }[level] ?? "icon-lost.svg";
    setAttribute(document.querySelector("link[rel=icon]"), "href", `/assets/${file}`);
  }

  say(text) {
    clearTimeout(this.toastTimer);
    setText(this.toast, text);
    setHidden(this.toast, false);
    this.toastTimer = setTimeout(() => setHidden(this.toast, true), SAY_MS);
  }
}

await loadLanguage();
new Page();
