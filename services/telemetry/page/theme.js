// Day or night: as the system has it, until somebody chooses; the choice is kept on this machine.

import { one, say } from "./dom.js";

const KEPT = "heliograph-theme";
const night = window.matchMedia("(prefers-color-scheme: dark)");

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage is forbidden: then as the system has it
  }
}

function apply() {
  const theme = kept() ?? (night.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  say(one("#theme"), theme === "dark" ? "Light" : "Dark");
}

/** Follow the system and the button. */
export function start() {
  apply();
  night.addEventListener("change", apply);
  one("#theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEPT, theme);
    } catch {
      // it holds until the page is left
    }
    document.documentElement.dataset.theme = theme;
    say(one("#theme"), theme === "dark" ? "Light" : "Dark");
  });
}
