/**
 * What crosses to another process again and again crosses once, under a number. `value` is there the first time. Both
 * ends keep what they have seen, for as long as they live themselves.
 */
export interface SentOnce<T extends object> {
  readonly number: number;
  readonly value?: T;
}

export function sender<T extends object>(): (value: T) => SentOnce<T> {
  const numbers = new WeakMap<T, number>();
  let last = 0;
  return (value) => {
    const known = numbers.get(value);
    if (known !== undefined) return { number: known };
    last += 1;
    numbers.set(value, last);
    return { number: last, value };
  };
}

export function receiver<T extends object>(): (sent: SentOnce<T>) => T {
  const values = new Map<number, T>();
  return ({ number, value: sent }) => {
    const value = sent ?? values.get(number);
    if (value === undefined) throw new Error(`Nothing was sent under the number ${number}.`);
    values.set(number, value);
    return value;
  };
}
