import { editionsAt, loadProduct, renderEdition } from './product.ts';

// Run by a test in processes with another time zone: prints every drawing of 25 August 2021.
const product = await loadProduct();
const drawings: { [chart: string]: string } = {};
for (const edition of await editionsAt(product, '2021-08-25')) {
  const { charts } = await renderEdition(product, edition);
  for (const [name, { svg }] of Object.entries(charts)) drawings[`${edition.name}/${name}`] = svg;
}
process.stdout.write(JSON.stringify(drawings));
