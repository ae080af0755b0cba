// SPDX-License-Identifier: LGPL-2.1-or-later
// One sentence: how things are; and below it what is being done. The sentence holds no running
// numbers, since a screen reader speaks it whenever it changes.

import { badge, command, h, setHidden, setLevel, setText } from "/assets/dom.js";
import { _, duration, ngettext } from "/assets/i18n.js";
import { token } from "/assets/link.js";
import { countdown, heldBackText, issueText, tierText } from "/assets/words.js";

const RANK = { off: 0, healthy: 0, info: 0, warning: 1, critical: 2 };

const stop = (text) => _("{text}.", { text }); /* a full stop, as the language has it */

// What is wrong, worst first: the health report, and alerts that it does not know.
function troubles(state) {
  const list = state.health.issues.map((issue) => ({
    ...issue, text: issueText(issue.code, issue.part, issue.message, issue.instance),
  }));
  for (const alert of state.alerts) {
    if (list.some((other) => other.part === alert.part && other.code === alert.type))
      continue;
    list.push({ severity: alert.severity, part: alert.part, code: alert.type, alert,
                text: issueText(alert.type, alert.part, alert.message, alert.instance) });
  }
  return list.sort((a, b) => RANK[b.severity] - RANK[a.severity]);
}

function allIsWell(state) {
  const streaming = state.cameras.filter((camera) => camera.state === "streaming").length;
  const off = state.cameras.length - streaming;
  if (streaming === 0)
    return _("All cameras are switched off.");
  const text = ngettext("All is well: {n} camera streams to Redis.", "All is well: {n} cameras stream to Redis.",
                        streaming);
  return off > 0 ? `${text} ${ngettext("{n} is switched off.", "{n} are switched off.", off)}` : text;
}

function say(state) {
  const { emergency } = state.machine;
  const list = troubles(state);
  if (emergency.active)
    return { level: "critical", text: stop(issueText("emergency")) };
  if (list.length === 0)
    return { level: "healthy", text: allIsWell(state) };
  const more = list.length - 1;
  const rest = more > 0 ? ` ${ngettext("One more thing needs a look.", "{n} more things need a look.", more)}` : "";
  return { level: list[0].severity, text: stop(list[0].text) + rest, trouble: list[0] };
}

function doingFor(camera, clock) {
  const { tier, given_up: givenUp, next_attempt: next } = camera.recovery;
  const when = next ? `, ${countdown(Date.parse(next) - clock.now())}` : "";
  if (givenUp)
    return stop(_("Every cure has been tried; a quiet try now and then") + when);
  if (tier)
    return stop(tierText(tier) + when);
  return camera.state === "respawning" ? stop(_("A new worker process is being started") + when) : "";
}

function doing(state, said, clock) {
  const { emergency, degrade } = state.machine;
  const parts = emergency.active && emergency.cause ? [stop(emergency.cause)] : [];
  const camera = state.cameras.find((one) => said.trouble?.part === `camera/${one.id}`);
  if (camera)
    parts.push(doingFor(camera, clock));
  else if (said.trouble?.part === "redis" && state.status.redis.embedded)
    parts.push(_("Camwarden keeps restarting its own Redis server."));
  else if (said.trouble?.part === "redis")
    parts.push(_("Camwarden keeps trying to connect; frames go on being taken."));
  else if (said.trouble?.alert?.done)
    parts.push(said.trouble.alert.done);
  if (degrade.step > 0)
    parts.push(stop(`${issueText("degraded")}: ${heldBackText(degrade.text)}`));
  return parts.filter((part) => part).join(" ");
}

// What cures a Redis that is away, to the letter.
function redisCommand({ redis }) {
  if (redis.embedded)
    return /not found|no such file|not installed/i.test(redis.error ?? "") ? "sudo apt-get install redis-server"
                                                                          : "sudo systemctl restart camwarden";
  const local = redis.port === 0 || ["127.0.0.1", "localhost", "::1"].includes(redis.host);
  return local ? "sudo systemctl restart redis-server" : `redis-cli -u ${redis.uri} ping`;
}

const CAMERA_LINES = "[camera:front]\nsource=auto";

export class Sentence {
  constructor(clock, useToken) {
    this.clock = clock;
    this.text = h("p", { class: "sentence", id: "sentence", role: "status", "aria-live": "polite" });
    this.doing = h("p", { class: "doing quiet", id: "doing" });
    this.help = h("div", { class: "help" });
    this.helpKind = "";
    this.tokenBox = this.makeTokenBox(useToken);
    this.element = h("div", { class: "card hero", id: "overall" }, badge(),
                     h("div", { class: "hero-text" }, this.text, this.doing, this.tokenBox, this.help));
    setLevel(this.element, "busy");
    setText(this.text, _("Connecting…"));
  }

  makeTokenBox(useToken) {
    const field = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "token-note" });
    this.tokenNote = h("p", { class: "problem", id: "token-note" });
    return h("form", {
      class: "token-box", id: "token-box", hidden: true,
      onsubmit: (event) => {
        event.preventDefault();
        useToken(field.value.trim());
        field.value = "";
      },
    }, h("label", { for: "token" }, _("Access token")), field,
    h("button", { type: "submit", class: "primary" }, _("Continue")), this.tokenNote,
    h("p", { class: "quiet" }, _("The administrator finds or adds tokens in the file that token-file in [http] names. It is kept until this tab is closed.")));
  }

  show(level, text) {
    setLevel(this.element, level);
    setText(this.text, text);
    this.level = level;
  }

  // The page has no news.
  showLink(link) {
    setHidden(this.tokenBox, link.status !== "token");
    if (link.status === "token") {
      this.show("warning", _("This page needs a token."));
      setText(this.doing, "");
      setText(this.tokenNote, link.wrongToken ? _("This token is not known, or no longer.") : "");
      this.showHelp("");
    } else if (link.status === "lost") {
      this.show("critical", _("The connection to Camwarden is lost."));
    } else if (link.status === "connecting") {
      this.show("busy", token.get() ? _("Checking the token…") : _("Connecting…"));
    }
  }

  showLost(seconds) {
    setText(this.doing, seconds === null ? _("Trying again…")
                                         : _("Trying again… What you see is {time} old.", { time: duration(seconds) }));
  }

  update(state) {
    this.state = state;
    this.said = say(state);
    this.show(this.said.level, this.said.text);
    this.tick();
    const { redis } = state.status;
    if (state.cameras.length === 0)
      this.showHelp("camera");
    else if (!redis.connected)
      this.showHelp("redis", redisCommand(state.status), redis.error);
    else if (state.cameras.some((camera) => camera.test_picture))
      this.showHelp("test");
    else
      this.showHelp("");
  }

  tick() {
    if (this.state)
      setText(this.doing, doing(this.state, this.said, this.clock));
  }

  showHelp(kind, ...details) {
    const key = [kind, ...details].join(" ");
    if (key === this.helpKind)
      return;
    this.helpKind = key;
    const copy = (text) => command(text, _("Copy"), _("Copied"));
    const contents = {
      "": () => [],
      camera: () => [h("p", {}, _("To add a camera, put these lines into /etc/camwarden/camwarden.conf:")), copy(CAMERA_LINES),
                     h("p", {}, _("and let Camwarden read them:")), copy("sudo systemctl reload camwarden")],
      redis: () => [details[1] ? h("p", { class: "quiet" }, details[1]) : null,
                    h("p", {}, _("If it does not come back by itself:")), copy(details[0])],
      test: () => [h("p", {}, _("Connect a camera: source=auto finds it at the next start. These are those that the machine sees:")),
                   copy("gst-device-monitor-1.0 Video/Source")],
    };
    this.help.replaceChildren(...contents[kind]().filter((child) => child));
  }
}
