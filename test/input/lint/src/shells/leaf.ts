export const leaf = 'shells';
export type Leaf = typeof leaf;
