export const leaf = 'dataset';
export type Leaf = typeof leaf;
