// SPDX-License-Identifier: LGPL-2.1-or-later
// Alerts: open ones first, with their cause and what was done.

import { badge, h, section, setHidden, setLevel, setText } from "/assets/dom.js";
import { _, bytes, clock as clockTime, duration, ngettext, number, percent } from "/assets/i18n.js";
import { request } from "/assets/link.js";
import { heldBackText, issueText } from "/assets/words.js";

const SHOWN = 20;

function amount(value, unit) {
  if (value === null)
    return "";
  const formats = { "%": percent, C: (one) => `${number(one, 1)} °C`, s: duration, bytes };
  return formats[unit]?.(value) ?? number(value, Number.isInteger(value) ? 0 : 1);
}

export class Alerts {
  constructor(host) {
    this.host = host; /* clock, say(text), mayControl() */
    this.alerts = new Map();
    this.rows = new Map();
    this.list = h("ul", { class: "alerts" });
    this.none = h("p", { class: "quiet" }, _("No alert is open."));
    this.pastList = h("ul", { class: "alerts" });
    this.pastCount = h("summary", {});
    this.past = h("details", { hidden: true }, this.pastCount, this.pastList);
    this.element = section("alerts", _("Alerts"), h("div", { class: "card pad" }, this.none, this.list, this.past));
  }

  async load() {
    const answer = await request(`/api/alerts?open=0&limit=${SHOWN}`).catch(() => null);
    if (!answer?.ok)
      return;
    for (const alert of answer.data)
      this.alerts.set(alert.id, alert);
    this.show();
  }

  add(alert) {
    this.alerts.set(alert.id, alert);
    this.show();
  }

  // The state knows all open ones: what it does not list is over.
  update(open) {
    const ids = new Set(open.map(({ id }) => id));
    for (const alert of open)
      this.alerts.set(alert.id, alert);
    for (const alert of this.alerts.values())
      if (alert.open && !ids.has(alert.id))
        this.alerts.delete(alert.id);
    this.show();
  }

  show() {
    const all = [...this.alerts.values()].sort((a, b) => b.id - a.id);
    const open = all.filter((alert) => alert.open), past = all.filter((alert) => !alert.open);
    for (const alert of past.slice(SHOWN))
      this.alerts.delete(alert.id);
    setHidden(this.none, open.length > 0);
    setHidden(this.past, past.length === 0);
    const shown = past.slice(0, SHOWN);
    setText(this.pastCount, ngettext("{n} alert that is over", "{n} alerts that are over", shown.length));
    this.place(this.list, open);
    this.place(this.pastList, shown);
    for (const id of this.rows.keys())
      if (!this.alerts.has(id))
        this.rows.delete(id);
  }

  place(list, alerts) {
    const rows = alerts.map((alert) => this.row(alert));
    if (rows.length !== list.children.length || rows.some((row, i) => list.children[i] !== row))
      list.replaceChildren(...rows);
  }

  row(alert) {
    let row = this.rows.get(alert.id);
    if (!row) {
      row = { title: h("strong", {}), more: h("p", {}), done: h("p", {}), when: h("p", { class: "quiet" }),
              button: h("button", { type: "button", onclick: () => this.acknowledge(alert.id) }, _("Acknowledge")) };
      row.element = h("li", { class: "alert", "data-alert": String(alert.id) }, badge(),
                      h("div", {}, row.title, row.more, row.done, row.when), row.button);
      this.rows.set(alert.id, row);
    }
    setLevel(row.element, alert.open ? alert.severity : "off");
    setText(row.title, issueText(alert.type, alert.part, alert.message, alert.instance));
    const value = amount(alert.value, alert.unit), limit = amount(alert.threshold, alert.unit);
    const measured = value && limit ? _("{value}, the limit is {limit}", { value, limit }) : value;
    const cause = alert.type === "degraded" && alert.cause ? heldBackText(alert.cause) : alert.cause;
    setText(row.more, [measured, cause].filter((part) => part).join(" · "));
    setText(row.done, alert.done ? _("Done about it: {what}", { what: alert.done }) : "");
    setText(row.when, this.when(alert));
    setHidden(row.button, !alert.open || alert.acknowledged !== null);
    return row.element;
  }

  when(alert) {
    const since = Date.parse(alert.since);
    const end = alert.until ? Date.parse(alert.until) : this.host.clock.now();
    const parts = [_("since {time}", { time: clockTime(since) }), duration(Math.max(0, (end - since) / 1000))];
    if (alert.until)
      parts[0] = `${clockTime(since)} – ${clockTime(end)}`;
    if (alert.acknowledged)
      parts.push(_("acknowledged by {who}", { who: alert.acknowledged_by || "?" }));
    return parts.join(" · ");
  }

  async acknowledge(id) {
    const answer = await request(`/api/alerts/${id}/acknowledge`, { method: "POST", body: {} }).catch(() => null);
    if (!answer?.ok)
      this.host.say(_("Not acknowledged: {reason}", { reason: answer?.data.detail ?? _("no answer") }));
  }
}
