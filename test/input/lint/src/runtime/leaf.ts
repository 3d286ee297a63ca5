export const leaf = 'runtime';
export type Leaf = typeof leaf;
