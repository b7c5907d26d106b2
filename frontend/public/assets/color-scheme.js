// Runs before first paint, as a file of its own because the content security policy forbids inline scripts.
// Without it a dark system would flash white while the bundle loads.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("policyscope-color-scheme");
  } catch (e) {
    choice = null; // storage can be blocked; the system's scheme is then used
  }
  var dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
