// Before anything is drawn: the theme that the reader chose, which the browser may not let a file remember.
(() => {
  "use strict";
  try {
    const theme = localStorage.getItem("ablate-theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch {
    // The system's theme, then.
  }
})();
