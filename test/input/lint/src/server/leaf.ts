export const leaf = 'server';
export type Leaf = typeof leaf;
