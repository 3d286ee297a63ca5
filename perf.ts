import { readFileSync } from 'node:fs';
import { PDFDocument } from '@cantoo/pdf-lib';
import { readContents } from './src/pipeline/pdf-contents.ts';
const d = await PDFDocument.load(readFileSync('/tmp/weekly.pdf'), { updateMetadata: false });
const c = readContents(d);
console.log(c.runs.map((r,i)=>i+':'+r).join('|'));
