// Shows the steps of an edition as they happen. Without it the page works, and reloading it shows how far it is.
const progress = document.querySelector('[data-events]');
const steps = progress.querySelector('.steps');
let run = Number(progress.dataset.run);
let last = Number(progress.dataset.last);
progress.querySelector('.by-hand').hidden = true;

const events = new EventSource(progress.dataset.events);
events.addEventListener('step', ({ data }) => {
  const step = JSON.parse(data);
  // After a cut, and at the start, steps come that are shown already.
  if (step.run < run || (step.run === run && step.number <= last)) return;
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
// It is made, or it is not going to be: the page itself says which, and shows it.
events.addEventListener('state', ({ data }) => show(JSON.parse(data)));
events.addEventListener('settled', ({ data }) => show(JSON.parse(data)));

function show({ state }) {
  if (state === 'queued' || state === 'rendering') return;
  events.close();
  location.reload();
}
