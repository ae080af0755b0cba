// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders, each behind a dialog that names what it does to whoever is at work.

import { h, section, setHidden, setText } from "/assets/dom.js";
import { _, bytes, duration, number } from "/assets/i18n.js";
import { request, token } from "/assets/link.js";
import { verdictText } from "/assets/words.js";

const RECOVER_SECONDS = 180;
const REBOOT_PATIENCE_S = 600;

const ROLES = ["read", "control", "admin"];

// name -> what its dialog says; run(fields, bearer) answers a promise of { ok, text }.
function orders(host) {
  const post = (path, body, bearer, seconds) => request(path, { method: "POST", body: body ?? {}, bearer, seconds });
  const camera = (id) => `/api/cameras/${encodeURIComponent(id)}`;
  return {
    test: (id) => ({
      title: _("Test camera {name}", { name: id }), role: "control", confirm: _("Take a frame"),
      text: _("One new frame is taken and judged. Nothing is interrupted."),
      run: async (fields, bearer) => {
        const { ok, data } = await post(`${camera(id)}/test`, undefined, bearer, 20);
        if (!ok || !data.success)
          return { ok: false, text: data.message || data.detail };
        const facts = [data.width ? `${data.width} × ${data.height}` : "", data.frame_size ? bytes(data.frame_size) : "",
                       data.verdict ? verdictText(data.verdict) : ""];
        return { ok: true, text: [_("A good frame came."), facts.filter((fact) => fact).join(", ")].join(" ") };
      },
    }),
    recover: (id) => ({
      title: _("Recover camera {name}", { name: id }), role: "control", confirm: _("Recover"),
      text: _("The camera is restarted step by step until frames come again. Programs that read it miss frames for some seconds."),
      choice: { label: _("Begin with"), values: [["source", _("its source (the mildest)")], ["pipeline", _("its pipeline")], ["worker", _("its worker process")]] },
      run: async ({ choice }, bearer) => answer(await post(`${camera(id)}/recover`, { tier: choice }, bearer, RECOVER_SECONDS)),
    }),
    restart: () => ({
      title: _("Restart the services"), role: "control", confirm: _("Restart"), danger: true,
      text: _("Camwarden, its workers and its own Redis start anew. All cameras are without frames for some seconds, and this page loses its connection."),
      run: async (fields, bearer) => answer(await post("/api/system/restart-services", undefined, bearer, 60)),
    }),
    alertTest: () => ({
      title: _("Test the alerts"), role: "control", confirm: _("Send a test"),
      text: _("Everybody who would hear of an alert gets a message that says it is a test."),
      run: async (fields, bearer) => {
        const { ok, data } = await post("/api/alerts/test", undefined, bearer, 30);
        if (!ok)
          return { ok: false, text: data.detail };
        const lines = data.sinks.map(({ sink, success, message }) => `${success ? "✓" : "✕"} ${sink}${message ? `: ${message}` : ""}`);
        return { ok: data.sinks.every(({ success }) => success), text: lines.join("\n") };
      },
    }),
    reboot: () => ({
      title: _("Reboot the machine"), role: "admin", confirm: _("Reboot"), danger: true, host: host.hostname(),
      text: _("The whole machine starts anew, with everything that runs on it. No camera works for a minute or more, and somebody may have to go there if it does not come back."),
      run: (fields, bearer) => reboot(host, fields.host, bearer, post),
    }),
  };
}

const answer = ({ ok, data }) => ({ ok: ok && data.success !== false, text: data.message || data.detail || "" });

async function reboot(host, name, bearer, post) {
  const asked = await post("/api/system/reboot", undefined, bearer);
  if (asked.status !== 428)
    return answer(asked);
  const done = await post("/api/system/reboot", { nonce: asked.data.nonce, host: name }, bearer, 60);
  if (!done.ok)
    return answer(done);
  return { ...answer(done), wait: { started: host.uptime() } };
}

export class Actions {
  // host: role(), hostname(), uptime(), linkStatus(), say(text)
  constructor(host) {
    this.host = host;
    this.orders = orders(host);
    this.cameraButtons = h("div", { class: "action-group" });
    this.dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    this.dialog.addEventListener("close", () => {
      clearInterval(this.waiting);
      this.dialog.replaceChildren();
    });
    const button = (name, word, danger) => h("button", { type: "button", class: danger ? "danger" : null, "data-order": name, onclick: () => this.open(name) }, word);
    this.element = section("actions", _("Actions"), h(
      "div", { class: "card pad actions" }, this.cameraButtons,
      h("div", { class: "action-group" }, h("h3", {}, _("System")), button("alertTest", _("Test the alerts…")),
        button("restart", _("Restart the services…")), button("reboot", _("Reboot the machine…"), true))), this.dialog);
    this.ids = "";
  }

  setCameras(ids) {
    if (ids.join() === this.ids)
      return;
    this.ids = ids.join();
    const button = (name, id, word) => h("button", { type: "button", "data-order": name, "aria-label": `${word} ${id}`, onclick: () => this.open(name, id) }, word);
    this.cameraButtons.replaceChildren(...ids.flatMap((id) => [h("div", { class: "action-group" }, h("h3", {}, id),
      button("test", id, _("Test…")), button("recover", id, _("Recover…")))]));
  }

  open(name, ...parameters) {
    const order = this.orders[name](...parameters);
    const needsToken = ROLES.indexOf(order.role) > ROLES.indexOf(this.host.role() ?? "");
    const field = (id, label, attributes) => [h("label", { for: id }, label), h("input", { id, required: true, ...attributes })];
    const choice = order.choice ? h("select", { id: "order-choice" }, ...order.choice.values.map(([value, word]) => h("option", { value }, word))) : null;
    const [hostLabel, hostField] = order.host ? field("order-host", _("Type the machine's name, {name}, to confirm", { name: order.host }),
                                                      { autocomplete: "off", autocapitalize: "off", spellcheck: "false" }) : [];
    const [tokenLabel, tokenField] = needsToken ? field("order-token", _("This needs a token of the role {role}", { role: order.role }),
                                                        { type: "password", autocomplete: "current-password" }) : [];
    const result = h("p", { class: "result", tabindex: "-1" });
    const confirm = h("button", { type: "submit", class: order.danger ? "danger primary" : "primary" }, order.confirm);
    const cancel = h("button", { type: "button", onclick: () => this.dialog.close() }, _("Cancel"));
    const form = h("form", { method: "dialog" }, h("h2", { id: "dialog-title" }, order.title), h("p", {}, order.text),
                   ...(choice ? [h("label", { for: "order-choice" }, order.choice.label), choice] : []),
                   hostLabel, hostField, tokenLabel, tokenField, result, h("div", { class: "dialog-buttons" }, cancel, confirm));
    const check = () => {
      confirm.disabled = Boolean(order.host) && hostField.value.trim() !== order.host;
    };
    hostField?.addEventListener("input", check);
    check();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(order, { choice: choice?.value, host: hostField?.value.trim() }, tokenField?.value.trim() || token.get(), { result, confirm, cancel });
    });
    this.dialog.replaceChildren(form);
    this.dialog.showModal();
  }

  async run(order, fields, bearer, { result, confirm, cancel }) {
    confirm.disabled = true;
    result.dataset.level = "busy";
    const begin = performance.now();
    const show = () => setText(result, _("Under way, {time}…", { time: duration((performance.now() - begin) / 1000) }));
    show();
    this.waiting = setInterval(show, 1000);
    const outcome = await order.run(fields, bearer).catch(() => ({ ok: false, text: _("There was no answer.") }));
    clearInterval(this.waiting);
    setText(result, outcome.text || (outcome.ok ? _("Done.") : _("It failed.")));
    result.dataset.level = outcome.ok ? "healthy" : "critical";
    setText(cancel, _("Close"));
    result.focus(); /* so that it is read out */
    if (outcome.wait) {
      setHidden(confirm, true);
      this.waitForReturn(result, outcome.wait);
    } else {
      confirm.disabled = false;
      setHidden(confirm, outcome.ok);
    }
  }

  // Until another start of the daemon answers.
  waitForReturn(result, { started }) {
    const begin = performance.now();
    let gone = false;
    result.dataset.level = "busy";
    const look = () => {
      const seconds = (performance.now() - begin) / 1000;
      gone ||= this.host.linkStatus() !== "open";
      const back = this.host.linkStatus() === "open" && this.host.uptime() !== started;
      if (back) {
        clearInterval(this.waiting);
        result.dataset.level = "healthy";
        setText(result, _("The machine is back, after {time}.", { time: duration(seconds) }));
      } else if (seconds > REBOOT_PATIENCE_S) {
        clearInterval(this.waiting);
        result.dataset.level = "critical";
        setText(result, _("The machine has not come back for {time}. Somebody has to look after it.", { time: duration(seconds) }));
      } else {
        setText(result, gone ? _("The machine is away, {time} so far…", { time: duration(seconds) })
                             : _("The machine is going down, {time} so far…", { time: number(seconds) + " s" }));
      }
    };
    look();
    this.waiting = setInterval(look, 500);
  }
}
