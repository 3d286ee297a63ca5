import { loadProduct, renderEdition } from './product.ts';

// Run by a test in processes with another time zone: prints every drawing of 25 August 2021.
const product = await loadProduct();
const drawings: { [chart: string]: string } = {};
for (const { id } of product.briefs) {
  const { charts } = await renderEdition(product, { brief: id, asOf: '2021-08-25' });
  for (const [name, { svg }] of Object.entries(charts)) drawings[`${id}/${name}`] = svg;
}
process.stdout.write(JSON.stringify(drawings));
