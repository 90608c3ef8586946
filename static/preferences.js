// What this person set for their keys, in this browser: {off: true, map: {"hit.remove": "x"}}.

const PLACE = "console.keys";

export function read() {
  try {
    const { off = false, map = {} } = JSON.parse(localStorage.getItem(PLACE)) ?? {};
    return { off: Boolean(off), map: { ...map } };
  } catch {
    return { off: false, map: {} }; // storage refused or damaged: the keys the page came with
  }
}

export function write(preferences) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(preferences));
  } catch {
    // storage refused: they hold until the next page
  }
}
