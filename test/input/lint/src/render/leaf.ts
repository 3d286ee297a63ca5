export const leaf = 'render';
export type Leaf = typeof leaf;
