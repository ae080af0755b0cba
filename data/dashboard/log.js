// SPDX-License-Identifier: LGPL-2.1-or-later
// The log, as far as it interests: by level, by word, as it grows.

import { h, section, setHidden, setText } from "/assets/dom.js";
import { N_, _, clock as clockTime } from "/assets/i18n.js";
import { request } from "/assets/link.js";

const LEVELS = [["error", N_("Errors")], ["warning", N_("Warnings")], ["info", N_("Information")], ["debug", N_("Everything")]];
const PAGE = 200;
const MOST_LINES = 500;
const FOLLOW_MS = 2000;
const TYPING_MS = 300;

export class Log {
  constructor() {
    this.cursor = "";
    this.visible = false;
    this.timer = 0;
    this.number = 0; /* of the latest question: an older answer is thrown away */
    this.level = h("select", { id: "log-level", onchange: () => this.restart() },
                   ...LEVELS.map(([value, word]) => h("option", { value, selected: value === "info" }, _(word))));
    this.search = h("input", { id: "log-search", type: "search", oninput: () => this.typed() });
    this.follow = h("input", { id: "log-follow", type: "checkbox", checked: true, onchange: () => this.schedule(0) });
    this.lines = h("ol", { class: "log", tabindex: "0", "aria-labelledby": "log-title" });
    this.note = h("p", { class: "quiet" });
    this.element = section("log", _("Log"), h(
      "div", { class: "card pad" },
      h("div", { class: "bar-row" }, h("span", { class: "field" }, h("label", { for: "log-level" }, _("Level")), this.level),
        h("span", { class: "field grow" }, h("label", { for: "log-search" }, _("Search")), this.search),
        h("label", { class: "check" }, this.follow, h("span", {}, _("Follow")))),
      this.lines, this.note));
    new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      this.schedule(0);
    }).observe(this.element);
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.restart(), TYPING_MS);
  }

  restart() {
    this.cursor = "";
    this.lines.replaceChildren();
    this.load();
  }

  schedule(pause) {
    clearTimeout(this.timer);
    if (this.visible && (this.follow.checked || this.cursor === ""))
      this.timer = setTimeout(() => this.load(), pause);
  }

  async load() {
    const question = ++this.number;
    const query = new URLSearchParams({ format: "json", level: this.level.value, limit: PAGE });
    if (this.search.value)
      query.set("contains", this.search.value);
    if (this.cursor)
      query.set("after", this.cursor);
    const answer = document.hidden ? null : await request(`/api/logs/recent?${query}`).catch(() => null);
    if (question !== this.number)
      return;
    if (answer?.ok)
      this.add(answer.data);
    else if (answer)
      setText(this.note, _("There is no log: {reason}", { reason: answer.data.detail ?? answer.status }));
    this.schedule(FOLLOW_MS);
  }

  add({ lines, cursor, source }) {
    const list = this.lines;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    this.cursor = cursor ?? this.cursor;
    list.append(...lines.map((line) => this.line(line)));
    while (list.children.length > MOST_LINES)
      list.firstChild.remove();
    if (atEnd && this.follow.checked)
      list.scrollTop = list.scrollHeight;
    setText(this.note, list.children.length === 0 ? _("No line fits.")
      : source === "journal" ? _("From the system's journal") : _("From the daemon's own memory, since its start"));
    setHidden(this.note, false);
  }

  // The daemon's own lines about a camera begin with its name.
  line({ timestamp, level, camera, message }) {
    const text = !camera || message.startsWith(`camera ${camera}: `) ? message : `${camera}: ${message}`;
    return h("li", { "data-severity": level }, h("time", { datetime: timestamp }, clockTime(Date.parse(timestamp), true)),
             h("span", { class: "log-level" }, level), h("span", { class: "log-text" }, text));
  }
}
