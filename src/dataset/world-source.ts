/** The data set of charts with the outlines of all countries that reach into the frame. */
export const WORLD = 'world';

/**
 * The file of the outlines, from the package `world-atlas`. Its hash is known beforehand, so that a manifest can name it without reading it.
 */
export const worldSource = {
  file: 'world-atlas/countries-50m.json',
  sha256: '04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394',
};
