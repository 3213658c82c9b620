// Numbers, times and names as people read them. What is not known is a dash, which is not a 0.

export const NONE = "–";
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const STEPS = {
  request_to_submit: "request to submit",
  submit_to_answer: "submit to answer",
  request_to_receipt: "request to receipt",
  submit_to_receipt: "submit to receipt",
};
const isNothing = (value) => value === null || value === undefined;

/** 301 204 */
export const whole = (value) => (isNothing(value) ? NONE : WHOLE.format(value));

/** 312.5, or 4,100: a rate. */
export const rate = (value) =>
  isNothing(value) ? NONE : value < 100 ? String(Math.round(value * 10) / 10) : whole(value);

/** The mean of the last five of one a second: one alone is too restless. */
export function lately(points) {
  const last = points.slice(-5);
  return last.reduce((sum, point) => sum + point, 0) / last.length;
}

/** 96.1 % */
export const percent = (share) =>
  isNothing(share) ? NONE : `${(100 * share).toFixed(share !== 0 && share < 0.001 ? 2 : 1)} %`;

/** 84 ms, 2.9 s, 3 min, 2 h, 4 d */
export function lasting(ms) {
  if (isNothing(ms)) return NONE;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** 14:03:59 */
export const clock = (atMs) => CLOCK.format(atMs);

/** 30 Nov 2026, 14:03:59 */
export const day = (atMs) => DAY.format(atMs);

/** A step of the way, in words. */
export const stepName = (name) => STEPS[name] ?? name.replaceAll("_", " ");

/** One kept short, so that a page stays a page. */
export const shortened = (text, length = 300) =>
  text.length <= length ? text : `${text.slice(0, length)}…`;
