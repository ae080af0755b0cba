// SPDX-License-Identifier: LGPL-2.1-or-later
// What codes mean, for people. A code that is not here is shown with the server's own words.

import { N_, _, duration, number } from "/assets/i18n.js";

const ISSUES = {
  starting: N_("Camera {name} is starting"),
  stall: N_("Camera {name} has stopped delivering frames"),
  "no-camera": N_("Camera {name} is not connected"),
  respawning: N_("Camera {name} has lost its worker process"),
  failed: N_("Camera {name} cannot run with this configuration"),
  frozen: N_("Camera {name} delivers the same picture again and again"),
  dark: N_("The picture of camera {name} is dark"),
  bright: N_("The picture of camera {name} is overexposed"),
  blur: N_("The picture of camera {name} is blurred"),
  "test-picture": N_("No camera was found: {name} shows a test picture"),
  "store-full": N_("Frames of camera {name} are not stored: the disk is full"),
  "store-readonly": N_("Frames of camera {name} are not stored: the disk is read-only"),
  "store-io": N_("Frames of camera {name} are not stored: the disk has errors"),
  "store-missing": N_("Frames of camera {name} are not stored: the folder is missing"),
  "store-permission": N_("Frames of camera {name} are not stored: no permission"),
  disconnected: N_("Redis does not answer, so no program gets frames"),
  refused: N_("The new configuration was refused, the old one stays in use"),
  "no-cameras": N_("No camera is configured yet"),
  cpu: N_("The processor is very busy"),
  memory: N_("Memory is running out"),
  disk: N_("The disk {name} is nearly full"),
  temperature: N_("The machine is hot"),
  "camera-failures": N_("Camera {name} fails often"),
  "redis-away": N_("Redis has been away for long"),
  "under-voltage": N_("The power supply is too weak"),
  throttled: N_("The processor is slowed down"),
  emergency: N_("The machine protects itself"),
  degraded: N_("To protect the machine, Camwarden does less"),
  "reboot-guard": N_("The machine cannot be rebooted when that is needed"),
  history: N_("The history has a problem"),
};

// code, and whose it is: camera/ID, or a mount point.
export function issueText(code, part, message, instance) {
  const name = instance || (part ?? "").replace(/^[a-z]+\//, "");
  return code in ISSUES ? _(ISSUES[code], { name }) : message;
}

const TIERS = {
  source: N_("Restarting its source"),
  pipeline: N_("Rebuilding its pipeline"),
  device: N_("Switching the USB device off and on"),
  worker: N_("Replacing its worker process"),
  machine: N_("Preparing to reboot the machine"),
};

export const tierText = (tier) => (tier in TIERS ? _(TIERS[tier]) : tier);

const HELD_BACK = {
  "no previews": N_("no live pictures here"),
  "half the frame rate": N_("half the frame rate"),
  "one frame a second": N_("one frame a second"),
  "half the size": N_("half the size"),
  "nothing is stored": N_("nothing is stored"),
  "old frames are deleted": N_("old frames are deleted"),
};

const QUANTITIES = { cpu: N_("processor"), memory: N_("memory"), temperature: N_("temperature"), disk: N_("disk") };

const wordOf = (table, word) => (word in table ? _(table[word]) : word);

// "half the size, nothing is stored (cpu,disk)", as the daemon says what it holds back.
export function heldBackText(text) {
  const [, what, causes] = /^(.*?)(?: \(([a-z,]+)\))?$/.exec(text);
  const words = what.split(", ").map((word) => {
    const [, points] = /^JPEG quality less (\d+)$/.exec(word) ?? [];
    return points ? _("JPEG quality {n} points less", { n: points }) : wordOf(HELD_BACK, word);
  }).join(", ");
  return causes ? `${words} (${causes.split(",").map((word) => wordOf(QUANTITIES, word)).join(", ")})` : words;
}

export const picturesHeldBack = ({ degrade }) => degrade.step > 0 && degrade.text.includes("no previews");

const VERDICTS = {
  unknown: N_("Not judged yet"), ok: N_("Good"), frozen: N_("Frozen"), dark: N_("Dark"),
  bright: N_("Overexposed"), blur: N_("Blurred"), stall: N_("Stalled"),
};

export const verdictText = (verdict) => (verdict in VERDICTS ? _(VERDICTS[verdict]) : verdict);

const KINDS = {
  start: N_("Start"), stop: N_("Stop"), fault: N_("Fault"), cure: N_("Cure begun"), cured: N_("Cured"),
  "given-up": N_("Given up"), alert: N_("Alert"), "alert-over": N_("Alert over"),
  emergency: N_("Emergency"), "emergency-over": N_("Emergency over"), degrade: N_("Doing less"),
  prune: N_("Old frames deleted"), order: N_("Order"), reboot: N_("Reboot"),
  configuration: N_("Configuration"), clock: N_("Clock"), evidence: N_("Evidence"),
};

export const kindText = (kind) => (kind in KINDS ? _(KINDS[kind]) : kind);

const LEVELS = {
  healthy: N_("Healthy"), warning: N_("Warning"), critical: N_("Critical"), off: N_("Off"), info: N_("Info"),
};

export const levelText = (level) => (level in LEVELS ? _(LEVELS[level]) : level);

export function countdown(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds > 0 ? _("next try in {time}", { time: duration(seconds) }) : _("trying now");
}

export const rate = (value) => (value === null ? "–" : `${number(value, 1)} fps`);
