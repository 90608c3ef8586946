// What every page loads. Each module is one idea and does nothing where its data-* is missing.
import "./keys.js";
import "./countdown.js";
import "./session.js";
import "./messages.js";
import "./focus.js";
import "./once.js";
import "./live.js";
import "./drop.js";
