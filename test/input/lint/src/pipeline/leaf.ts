export const leaf = 'pipeline';
export type Leaf = typeof leaf;
