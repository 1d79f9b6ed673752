/** Light or dark: the system's choice unless the reader made one. */

const KEY = "kerasd-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

/** Applies the reader's choice, wires the button that changes it, and calls onChange after each change. */
export function wireTheme(button, onChange = () => {}) {
  const apply = (theme) => {
    if (theme) {
      document.documentElement.dataset.theme = theme;
    }
    button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  apply(localStorage.getItem(KEY));
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    localStorage.setItem(KEY, theme);
    apply(theme);
    onChange();
  });
  system.addEventListener("change", () => {
    apply(null);
    onChange();
  });
}
