import { PDFDocument, PDFName, PDFRawStream } from '@cantoo/pdf-lib';
import { expect, test } from 'vitest';
import { paintMarksFirst } from '../../src/pdf/arabic-marks.ts';
import { openStreams } from '../../src/pdf/streams.ts';

/** The page's content after the dots were moved. */
async function paintedFrom(content: string): Promise<string> {
  const document = await PDFDocument.create();
  const page = document.addPage();
  page.node.set(PDFName.of('Contents'), document.context.register(document.context.flateStream(content)));
  paintMarksFirst(document);
  const stream = page.node.Contents();
  if (!(stream instanceof PDFRawStream)) throw new Error('The page has no content.');
  return openStreams()(stream);
}

const textObject = (...lines: readonly string[]) =>
  `q\nBT\n/ReversedChars BMC\n${lines.join('\n')}\nEMC\nET\nQ\n`;
const matrix = ['/F4 10 Tf', '1 0 0 -1 74.7 41 Tm'];

test('dots are painted before all bases of the word, in the same places', async () => {
  // "شب": the dot of the second letter, its base, a base without dots, then three dots and their base.
  const printed = textObject(
    '/Span<</ActualText <FEFF0628> >> BDC',
    ...matrix,
    '2 -0.5 Td <0122> Tj',
    '-1 0.5 Td <0010> Tj',
    'EMC',
    '4 0 Td <0025> Tj',
    '/Span<</ActualText <FEFF0634> >> BDC',
    '3 1.5 Td <010A> Tj',
    '-3 -1.5 Td <0024> Tj',
    'EMC',
  );
  expect(await paintedFrom(printed)).toBe(
    textObject(
      ...matrix,
      '/Span<</ActualText <FEFF> >> BDC',
      '2 -0.5 Td <0122> Tj',
      '6 2 Td <010A> Tj',
      'EMC',
      '/Span<</ActualText <FEFF0628> >> BDC',
      '-7 -1.5 Td <0010> Tj',
      'EMC',
      '4 0 Td <0025> Tj',
      '/Span<</ActualText <FEFF0634> >> BDC',
      '0 0 Td <0024> Tj',
      'EMC',
    ),
  );
});

test('text without dots, text from left to right and unknown operators stay as they are', async () => {
  const same = [
    textObject(...matrix, '<0025> Tj', '4 0 Td <0026> Tj'),
    'BT\n/Span<</ActualText <FEFF0064> >> BDC\n/F4 10 Tf\n1 0 0 -1 1 1 Tm\n2 1 Td <0122> Tj\n-1 0 Td <0010> Tj\nEMC\nET\n',
    textObject(
      '/Span<</ActualText <FEFF0628> >> BDC',
      ...matrix,
      '2 Tr',
      '2 1 Td <0122> Tj',
      '0 0 Td <10> Tj',
      'EMC',
    ),
  ];
  for (const content of same) expect(await paintedFrom(content)).toBe(content);
});
