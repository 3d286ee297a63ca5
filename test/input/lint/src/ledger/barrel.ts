export * from './leaf.ts'; // no-barrel-file
