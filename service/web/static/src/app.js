// Pages work without this. With it they stay up to date by themselves.
import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";
