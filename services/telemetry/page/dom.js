// Elements, built from text only: nothing that comes from outside is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** The element a CSS selector names. */
export const one = (selector, root = document) => root.querySelector(selector);

/** An element with these properties (`data-*`, `aria-*` and others with a dash are attributes). */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** An SVG element with these attributes. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Say `text` there, if it says something else. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Have `className`, if it has another. */
export function dress(element, className) {
  if (element.className !== className) element.className = className;
}

/** Show it or not. */
export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}

/**
 * One child of `parent` for each item, in their order; what has the same key is kept and only
 * updated, and stays where it is as long as it can, for it may have the focus. `make(item)` gives a
 * child, `update(child, item)` brings it up to date.
 */
export function rows(parent, items, keyOf, make, update) {
  const known = parent.known ?? (parent.known = new Map());
  const wanted = new Map(items.map((item) => [String(keyOf(item)), item]));
  for (const [key, child] of known) {
    if (wanted.has(key)) continue;
    child.remove();
    known.delete(key);
  }
  let place = parent.firstElementChild;
  for (const [key, item] of wanted) {
    let child = known.get(key);
    if (child === undefined) known.set(key, (child = make(item)));
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
}

/** A button that does `act`. */
export function button(words, act, properties = {}) {
  const made = el("button", { type: "button", ...properties }, words);
  made.addEventListener("click", act);
  return made;
}

/** A bar that is filled so far. */
export function bar(kind = "") {
  const made = el("span", { className: `bar ${kind}`, "aria-hidden": "true" }, el("span"));
  made.fill = (share) => {
    const width = `${(100 * Math.min(1, Math.max(0, share || 0))).toFixed(1)}%`;
    if (made.firstChild.style.width !== width) made.firstChild.style.width = width;
  };
  return made;
}
