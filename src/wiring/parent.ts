/** Read as early as can be: it may end while the program is still starting. */
const parent = process.ppid;
const LOOK_MS = 1_000;

/** Calls `onEnd` once the process that started this one has ended: the system then gives this one another parent. */
export function watchParent(onEnd: () => void): Disposable {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
