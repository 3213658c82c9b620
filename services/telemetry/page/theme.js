// Day or night: as the system has it, until somebody chooses; the choice is kept in this browser.

import { one, say } from "./dom.js";

const KEPT = "heliograph-theme";
const night = window.matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage is forbidden: then as the system has it
  }
}

function other() {
  const now = root.dataset.theme ?? (night.matches ? "dark" : "light");
  return now === "dark" ? "light" : "dark";
}

function choose(theme) {
  if (theme) root.dataset.theme = theme;
  say(one("#theme"), other() === "dark" ? "Dark" : "Light");
}

/** Follow the system and the button. */
export function start() {
  choose(kept());
  night.addEventListener("change", () => choose());
  one("#theme").addEventListener("click", () => {
    const theme = other();
    try {
      localStorage.setItem(KEPT, theme);
    } catch {
      // it holds until the page is left
    }
    choose(theme);
  });
}
