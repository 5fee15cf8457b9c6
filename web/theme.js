// Runs before the first paint: a page that was set to light or dark must not flash in
// the other colours until the Go program is there. The key is that of settings.js.
try {
  const theme = localStorage.getItem("ncpweb.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's colours.
}
