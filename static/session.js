// A fragment asked for after the session ended answers 401: go to sign-in and come back here.

document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401) return;
  event.preventDefault();
  const signIn = document.querySelector("meta[name='sign-in']")?.content ?? "/sign-in";
  const here = location.pathname + location.search;
  location.assign(`${signIn}?next=${encodeURIComponent(here)}`);
});
