export const leaf = 'preview';
export type Leaf = typeof leaf;
