/** Read as early as possible, because the parent may end while the program is starting. */
const parent = process.ppid;
const LOOK_MS = 1_000;

/** Calls `onEnd` after the parent process has ended. The system then assigns this process another parent. */
export function watchParent(onEnd: () => void): Disposable {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
