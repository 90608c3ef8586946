// What this person set for their keys: {off: true, map: {"hits.remove": "x"}}. The server keeps it and
// sends it along with every page; whoever is not signed in has the first keys.

const PLACE = document.querySelector("meta[name='keys']");

function given() {
  try {
    const { off = false, map = {} } = JSON.parse(PLACE?.content ?? "{}");
    return { off: Boolean(off), map: { ...map } };
  } catch {
    return { off: false, map: {} }; // damaged: the keys the page came with
  }
}

let held = given();
export const read = () => ({ off: held.off, map: { ...held.map } });

// Have the server keep a change: {"key.hits.remove": "x"}, {off: "1"} or {reset: "y"}. The words of a
// refusal, "" where it is kept.
export async function keep(change, preferences) {
  const sent = new URLSearchParams(change);
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  try {
    const answer = await fetch(PLACE.dataset.keep, {
      method: "POST",
      body: sent,
      headers: { "HX-Request": "true", ...token },
    });
    if (answer.status === 422 || answer.status === 401) return await answer.text();
    if (!answer.ok) return PLACE.dataset.failed;
  } catch {
    return PLACE.dataset.failed;
  }
  held = preferences;
  return "";
}
