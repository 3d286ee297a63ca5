import { Stats } from 'node:fs'; // consistent-type-imports

export async function write(): Promise<void> {
  await Promise.resolve();
}
export function later(): void {
  write(); // no-floating-promises
}
export function size(stats: Stats | undefined): number {
  return stats!.size; // no-non-null-assertion
}
export function parse(text: string): { name: string } {
  return JSON.parse(text) as { name: string }; // no-unsafe-type-assertion
}
export const anything = (value: any): unknown => value; // no-explicit-any
export const many = [1].map(() => setTimeout(async () => write())); // no-misused-promises
export default later; // no-default-export
