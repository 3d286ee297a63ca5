// Shows the steps of an edition and the states of its deliveries as they change. Without it the page works, and
// reloading it shows the same.
const now = document.querySelector('[data-events]');
const isMade = 'made' in now.dataset;
const steps = document.querySelector('.steps');
const byHand = document.querySelector('.by-hand');
let run = Number(now.dataset.run);
let last = Number(now.dataset.last);

// The tries of a delivery can take days, and each open page takes one of the streams of the server.
const DELIVERIES_MS = 10 * 60_000;

const events = new EventSource(now.dataset.events);
if (byHand) byHand.hidden = true;
const leaveToReader = () => {
  if (byHand) byHand.hidden = false;
};
if (isMade)
  setTimeout(() => {
    if (events.readyState === EventSource.CLOSED) return;
    events.close();
    leaveToReader();
  }, DELIVERIES_MS);

events.addEventListener('step', ({ data }) => {
  const step = JSON.parse(data);
  // After a cut, and at the start, steps come that are shown already.
  if (isMade || step.run < run || (step.run === run && step.number <= last)) return;
  if (step.run > run) steps.replaceChildren();
  ({ run, number: last } = step);
  const time = document.createElement('time');
  time.dateTime = step.at;
  time.textContent = `${step.at.slice(11, 19)} UTC`;
  const name = document.createElement('span');
  name.textContent = step.step;
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
  const isMadeNow = state !== 'queued' && state !== 'rendering';
  if (isMadeNow !== isMade) {
    // Made, given up, or made again: the page has other parts then.
    events.close();
    location.reload();
  } else if (isMade) {
    // One after the other, so that the last one shows the last state.
    updating = updating.then(update).catch(leaveToReader);
  }
}

/** Takes from the page as it would be now what its deliveries change. The PDF in place is not loaded again. */
async function update() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  // After a logout the page of the login comes instead.
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
