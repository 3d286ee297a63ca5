// Shows the steps of an edition and the states of its deliveries as they change. Without this script, reloading the
// page shows the same.
const now = document.querySelector('[data-events]');
const isGenerated = 'generated' in now.dataset;
const steps = document.querySelector('.steps');
const byHand = document.querySelector('.by-hand');
const names = JSON.parse(now.dataset.names);
const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
  timeZone: 'UTC',
});
let run = Number(now.dataset.run);
let last = Number(now.dataset.last);

// Retries of a delivery can take days, and each open page uses one of the server's streams.
const DELIVERIES_MS = 10 * 60_000;

const events = new EventSource(now.dataset.events);
if (byHand) byHand.hidden = true;
const leaveToReader = () => {
  if (byHand) byHand.hidden = false;
};
if (isGenerated)
  setTimeout(() => {
    if (events.readyState === EventSource.CLOSED) return;
    events.close();
    leaveToReader();
  }, DELIVERIES_MS);

events.addEventListener('step', ({ data }) => {
  const step = JSON.parse(data);
  // At the start and after a lost connection, the server sends steps that are already shown.
  if (isGenerated || step.run < run || (step.run === run && step.number <= last)) return;
  if (step.run > run) steps.replaceChildren();
  ({ run, number: last } = step);
  const time = document.createElement('time');
  time.dateTime = step.at;
  time.textContent = clock.format(new Date(step.at));
  const name = document.createElement('span');
  name.textContent = names[step.step] ?? step.step;
  const entry = document.createElement('li');
  entry.append(time, ' ', name);
  steps.append(entry);
});
// The browser tries again by itself, unless the server refuses.
events.addEventListener('error', () => {
  if (events.readyState === EventSource.CLOSED) leaveToReader();
});
events.addEventListener('state', ({ data }) => show(JSON.parse(data)));
events.addEventListener('settled', ({ data }) => {
  events.close();
  show(JSON.parse(data));
});

let updating = Promise.resolve();
function show({ state }) {
  const isGeneratedNow = state !== 'queued' && state !== 'rendering';
  if (isGeneratedNow !== isGenerated) {
    // Generated, given up, or generated again: the page has other parts then.
    events.close();
    location.reload();
  } else if (isGenerated) {
    // One after another, so that the last update shows the last state.
    updating = updating.then(update).catch(leaveToReader);
  }
}

/** Loads this page again and replaces what its deliveries change. The PDF is not loaded again. */
async function update() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  // After a logout, the server sends the login page.
  if (answer.redirected) return location.reload();
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of ['.now', '.made']) replace(part, page);
  const [rows, fresh] = [document, page].map((each) =>
    each.querySelectorAll('[aria-labelledby=deliveries] tbody tr'),
  );
  if (rows.length !== fresh.length) return replace('[aria-labelledby=deliveries]', page);
  // A row that did not change keeps the focus on its buttons.
  rows.forEach((row, index) => {
    if (row.outerHTML !== fresh[index].outerHTML) row.replaceWith(fresh[index]);
  });
}

function replace(selector, page) {
  const [old, fresh] = [document, page].map((each) => each.querySelector(selector));
  if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceChildren(...fresh.childNodes);
}
