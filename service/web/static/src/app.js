// Pages work without this. With it they stay up to date by themselves.
import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";
// What is only of use without scripts steps back.
document.documentElement.classList.add("has-script");
