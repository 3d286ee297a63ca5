/// <reference lib="dom" />
import type { Page } from 'puppeteer';
import { expect } from 'vitest';

/**
 * Waits until the page of an edition, which follows its production, shows the PDF. A wait within the page would end with
 * the protocol's limit of half a minute, which an edition on a busy machine exceeds.
 */
export async function untilMade(page: Page): Promise<void> {
  await expect.poll(() => page.$$eval('object.pdf', ({ length }) => length)).toBe(1);
}
