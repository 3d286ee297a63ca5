export const leaf = 'ledger';
export type Leaf = typeof leaf;
