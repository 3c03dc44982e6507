const KEY = "kaiwa/theme";
export type Theme = "system" | "light" | "dark";

export function currentTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  startTheme();
}

/** The style sheet goes by the system unless the page's root names a theme. */
export function startTheme(): void {
  const theme = currentTheme();
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
