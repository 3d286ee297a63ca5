export const leaf = 'model';
export type Leaf = typeof leaf;
