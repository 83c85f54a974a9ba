// The first script of each page that is watched: it tells the relay (`watch.rs`) what goes wrong.

/** @param {string} complaint */
function tell(complaint) {
  const request = new XMLHttpRequest();
  request.open("POST", "/watch", false); // The page may be left at once, and what it complained about must not be lost.
  request.send(`${location.pathname}: ${complaint}`);
}

document.addEventListener("securitypolicyviolation", (event) => {
  tell(`the policy refused ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
});
// Captured, because what fails to load does not bubble.
window.addEventListener("error", (event) => tell(`error: ${event.message ?? event.target?.outerHTML}`), true);
window.addEventListener("unhandledrejection", (event) => tell(`rejected: ${event.reason}`));
for (const level of ["error", "warn"]) {
  const print = console[level];
  console[level] = (...args) => {
    print.apply(console, args);
    tell(`console.${level}: ${args.join(" ")}`);
  };
}
