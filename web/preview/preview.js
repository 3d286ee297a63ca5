// Keeps a page of the preview up to date. Without it everything works, and reloading by hand shows the newest.
const { body } = document;
let { stamp, version } = body.dataset;
let coming;

const offline = document.querySelector('.offline');
const events = new EventSource(body.dataset.events);
events.addEventListener('open', () => (offline.hidden = true));
events.addEventListener('error', () => (offline.hidden = false));
events.addEventListener('view', ({ data }) => {
  const view = JSON.parse(data);
  if (view.stamp === stamp) return;
  stamp = view.stamp;
  for (const [id, html] of Object.entries(view.parts)) document.getElementById(id).innerHTML = html;
  if (view.version === version) return;
  version = view.version;
  replaceFrame(view.src);
});

// A choice shows at once; the button is for those without this script.
body.addEventListener('change', ({ target }) => {
  if (target.matches('#bar select')) target.form.requestSubmit();
});

/** Loads the new page behind the old one and shows it at the same place, so that nothing flickers. */
function replaceFrame(src) {
  coming?.remove();
  const shown = document.querySelector('iframe:not(.coming)');
  const next = shown.cloneNode(false);
  coming = next;
  next.className = 'coming';
  next.src = src;
  next.addEventListener('load', () => {
    // Where PDFs are shown by a part of the browser, it keeps its place to itself.
    const place = shown.contentDocument && shown.contentWindow;
    if (place) next.contentWindow.scrollTo(place.scrollX, place.scrollY);
    shown.remove();
    next.className = '';
    coming = undefined;
  });
  shown.after(next);
}
