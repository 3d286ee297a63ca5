export const leaf = 'adapters';
export type Leaf = typeof leaf;
