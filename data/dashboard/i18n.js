// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts and figures in the reader's language. Catalogues come from po/dashboard.

const CATALOGUES = { de: "de", zh: "zh_CN" };

let catalogue = {};
export let language = "en";

export async function loadLanguage() {
  const wanted = (navigator.languages ?? [navigator.language]).map((tag) => tag.toLowerCase().split("-")[0]);
  language = wanted.find((tag) => tag === "en" || tag in CATALOGUES) ?? "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
  if (!(language in CATALOGUES))
    return;
  const response = await fetch(`/assets/${CATALOGUES[language]}.json`, { credentials: "omit" });
  if (response.ok)
    catalogue = await response.json();
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values?.[name] ?? whole);
}

// Each {name} in the text is taken from values.
export function _(text, values) {
  return fill(catalogue[text] ?? text, values);
}

// For a text that is translated where it is shown.
export const N_ = (text) => text;

export function ngettext(one, many, count, values) {
  const forms = catalogue[one];
  const index = language === "zh" || count === 1 ? 0 : 1;
  const text = Array.isArray(forms) ? forms[Math.min(index, forms.length - 1)] : count === 1 ? one : many;
  return fill(text, { n: number(count), ...values });
}

export function number(value, digits = 0) {
  return value.toLocaleString(language === "zh" ? "zh-CN" : language,
                              { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const percent = (value) => `${number(value, value > 0 && value < 10 ? 1 : 0)} %`;

export function bytes(value, second = false) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = value, unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++)
    size /= 1024;
  const text = `${number(size, unit > 0 && size < 100 ? 1 : 0)} ${units[unit]}`;
  return second ? `${text}/s` : text;
}

// The two largest units.
export function duration(seconds) {
  const units = [[_("d"), 86400], [_("h"), 3600], [_("min"), 60], [_("s"), 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0)
    return `0 ${_("s")}`;
  const [unit, size] = units[first];
  const whole = Math.floor(seconds / size);
  const [small, smallSize] = units[first + 1] ?? ["", Infinity];
  const rest = Math.floor((seconds - whole * size) / smallSize);
  return rest > 0 ? `${whole} ${unit} ${rest} ${small}` : `${whole} ${unit}`;
}

export function age(seconds) {
  if (seconds < 1)
    return `${Math.round(seconds * 1000)} ms`;
  return seconds < 60 ? `${number(seconds, 1)} ${_("s")}` : duration(seconds);
}

const isToday = (date) => date.toDateString() === new Date().toDateString();

// Time of day, with the date where it is not today.
export function clock(milliseconds, seconds = false) {
  const date = new Date(milliseconds);
  const time = { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) };
  const day = isToday(date) ? {} : { month: "short", day: "numeric" };
  return date.toLocaleString(document.documentElement.lang, { ...day, ...time, hourCycle: "h23" });
}
