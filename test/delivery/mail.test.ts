import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type ParsedMail, simpleParser } from 'mailparser';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCanvas } from 'canvas';
import { openMail } from '../../src/delivery/mail.ts';
import type { EnclosedHighlights, Message, Receipt } from '../../src/delivery/message.ts';
import { type MailSettings, parseDeliverySettings } from '../../src/delivery/settings.ts';
import { hashOf } from '../../src/hash.ts';
import { answer, bareServer, mailServer, refuse, smtpScript } from '../support/mail-server.ts';
import {
  at,
  byFolder,
  byMail,
  corrected,
  enclosed,
  never,
  notice,
  message,
  samplePdf,
} from '../support/message.ts';
import { readPdf } from '../support/pdf.ts';
import { locale } from '../support/locale.ts';

const address = 'ana.lyst@example.org';
const password = 'correct-horse';

const settingsFor = (port: number, changes: Partial<MailSettings> = {}, url = `smtp://127.0.0.1`) => {
  const { mail } = parseDeliverySettings({
    SITREP_SMTP_URL: `${url}:${port}`,
    SITREP_MAIL_FROM: 'Sitrep <briefs@sitrep.example>',
    SITREP_MAIL_DOMAINS: 'example.org',
    SITREP_OPERATOR: 'operator@sitrep.example',
  });
  return { ...mail!, ...changes };
};
/** Where a server is silent on purpose: so short that nobody waits, and on a busy machine long enough to connect. */
const brief = { connectionTimeoutMs: 5_000, greetingTimeoutMs: 300, socketTimeoutMs: 500 };

async function send(
  settings: MailSettings,
  what: Message = message(),
  { to = address, signal = never, limits = {} }: { to?: string; signal?: AbortSignal; limits?: object } = {},
): Promise<Receipt> {
  await using mail = openMail(settings, { now: () => at, locale, limits });
  return await mail.deliver(what, { target: byMail(to), signal });
}
/** What arrives when it is sent to a server that takes everything. */
async function arrives(
  what: Message,
  changes: Partial<MailSettings> = {},
): Promise<ParsedMail & { raw: Buffer }> {
  const { port, arrived } = await mailServer();
  expect(await send(settingsFor(port, changes), what)).toMatchObject({ outcome: 'sent' });
  expect(arrived).toHaveLength(1);
  const [{ raw } = { raw: Buffer.of() }] = arrived;
  return { ...(await simpleParser(raw, { skipImageLinks: true })), raw };
}

const flat = (text = ''): string => text.replaceAll(/\s+/g, ' ');

describe('the message', () => {
  test('says who, what, when and how to leave, in headers that programs read', async () => {
    const { subject, from, to, date, messageId, headers, raw } = await arrives(message());
    expect(subject).toBe('[TLP:CLEAR] Weekly brief, 2021-W33, as of 22 August 2021');
    expect(from?.text).toBe('"Sitrep" <briefs@sitrep.example>');
    expect([to].flat().map((each) => each?.text)).toEqual([address]);
    expect(date).toEqual(at);
    expect(messageId).toBe('<b1f0c0de-0001@sitrep.example>');
    expect([...headers.keys()]).not.toContain('in-reply-to');
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    expect(headers.get('x-entity-ref-id')).toBe('b1f0c0de-0001');
    const lines = raw.toString('latin1').split('\r\n');
    expect(lines).toContain('List-ID: <weekly.sitrep.example>');
    expect(headers.get('list')).toMatchObject({
      unsubscribe: { mail: 'operator@sitrep.example?subject=unsubscribe%20weekly' },
    });
  });

  test('has the bottom line in both bodies, with the marking first and last', async () => {
    const { text = '', html } = await arrives(message());
    const lines = text.trim().split('\n');
    expect([lines.at(0), lines.at(-1)]).toEqual(['TLP:CLEAR', 'TLP:CLEAR']);
    expect(text).toContain('Nobody claimed an attack.\n\nSilence & pause < 10 days.');
    expect(flat(text)).toContain('because this address is a recipient of the brief “weekly”');
    expect(text).toContain('write to operator@sitrep.example');
    const words = String(html)
      .replaceAll(/<(title|style)>.*?<\/\1>|<[^>]*>/gs, '')
      .trim()
      .split(/\n+/);
    expect([words.at(0), words.at(-1)]).toEqual(['TLP:CLEAR', 'TLP:CLEAR']);
    expect(html).toContain('>Silence &amp; pause &lt; 10 days.</p>');
    expect(html).toContain('because this address is a recipient');
  });

  test('carries the PDF, unchanged and readable', async () => {
    const { attachments } = await arrives(message());
    expect(attachments).toMatchObject([
      { filename: 'weekly-2021-08-22.pdf', contentType: 'application/pdf', contentDisposition: 'attachment' },
    ]);
    const content = attachments[0]?.content ?? Buffer.of();
    expect(Buffer.compare(content, samplePdf)).toBe(0);
    expect((await readPdf(content)).pages.length).toBeGreaterThan(1);
  });

  test('fits the limit to the byte, encoding and headers included', async () => {
    const whole = (await arrives(message())).raw.length;
    expect(whole).toBeGreaterThan((samplePdf.length * 4) / 3);
    expect((await arrives(message(), { maxBytes: whole })).attachments).toHaveLength(1);
    expect((await arrives(message(), { maxBytes: whole - 1 })).attachments).toHaveLength(0);
  });

  test('links the PDF when it is too large', async () => {
    const url = 'https://briefs.example/weekly/2021-08-22?a=1&b="2"';
    const what = message({ pdf: enclosed(samplePdf, url) });
    const { attachments, text, html } = await arrives(what, { maxBytes: 100_000 });
    expect(attachments).toEqual([]);
    expect(flat(text)).toContain(`larger than 100 kB. You can read it here: ${url} `);
    expect(html).toContain('href="https://briefs.example/weekly/2021-08-22?a=1&amp;b=&quot;2&quot;"');
  });

  test('says how to get the PDF when it is too large and has no address', async () => {
    const { attachments, text, html } = await arrives(message(), { maxBytes: 100_000 });
    expect(attachments).toEqual([]);
    for (const body of [flat(text), html]) {
      const size = `${Math.round(samplePdf.length / 1000)} kB`;
      expect(body).toContain(`To get weekly-2021-08-22.pdf (${size}), write to operator@sitrep.example`);
      expect(body).toContain('name the edition weekly/2021-08-22');
      expect(body).toContain(message().pdf?.sha256);
    }
  });

  test('of a notice has no PDF and says so in its subject', async () => {
    const { subject, attachments, text } = await arrives(notice());
    expect(subject).toBe('[TLP:CLEAR] Notice: Weekly brief, 2021-W33, as of 22 August 2021');
    expect(attachments).toEqual([]);
    expect(text).toContain('Nothing new became known.');
    expect(text).not.toContain('PDF');
  });

  test('a correction says what it corrects, and mailboxes show it below that message', async () => {
    const { subject, messageId, inReplyTo, references, headers, text, html } = await arrives(corrected());
    expect(subject).toBe('[TLP:CLEAR] Correction: Weekly brief, 2021-W33, as of 22 August 2021, revision 2');
    expect(messageId).toBe('<b1f0c0de-0003@sitrep.example>');
    expect(inReplyTo).toBe('<b1f0c0de-0002@sitrep.example>');
    expect(references).toEqual(['<b1f0c0de-0001@sitrep.example>', '<b1f0c0de-0002@sitrep.example>']);
    expect(headers.get('x-entity-ref-id')).toBe('b1f0c0de-0001');
    expect(flat(text)).toContain(
      'This corrected revision replaces issue 2021-W33, which you received as weekly/2021-08-22. It includes ' +
        'everything that was revised or withdrawn by 10 September 2021: Revised: Claims & so on (M1): at least 12, now at least 15',
    );
    expect(html).toContain('>Revised: Claims &amp; so on (M1): at least 12, now at least 15</p>');
    expect(html).toContain('>Withdrawn: A raid (E1)</p>');
  });

  test('names nobody to write to but the sender when no other is set', async () => {
    const { headers, text } = await arrives(message(), { unsubscribe: null });
    expect(headers.get('list')).not.toHaveProperty('unsubscribe');
    expect(text).toContain('write to briefs@sitrep.example');
  });

  test.each(['\r\n', '\n', '\r', '\u2028', '\r\n '])(
    'gets no header from a title with %j in it',
    async (newline) => {
      const title = `Weekly${newline}Bcc: eve@example.com${newline}${newline}<b>body</b>`;
      const { headers, subject, html, attachments } = await arrives(
        message({
          title,
          issue: `1${newline}X-Issue: 1`,
          pdf: { ...enclosed(samplePdf)!, name: `a${newline}X-Name: 1.pdf` },
        }),
      );
      expect([...headers.keys()].toSorted()).toEqual([
        'auto-submitted',
        'content-type',
        'date',
        'from',
        'list',
        'message-id',
        'mime-version',
        'subject',
        'to',
        'x-entity-ref-id',
      ]);
      expect(subject).toContain('Bcc: eve@example.com');
      expect(attachments.map((each) => [...each.headers.keys()].toSorted())).toEqual([
        ['content-disposition', 'content-transfer-encoding', 'content-type'],
      ]);
      expect(html).not.toContain('<b>');
    },
  );

  test('for two recipients is two messages, each with one recipient', async () => {
    const { port, arrived } = await mailServer();
    const [one, two] = ['ana.lyst@example.org', 'bo@example.org'];
    await send(settingsFor(port), message({ id: 'one' }), { to: one });
    await send(settingsFor(port), message({ id: 'two' }), { to: two });
    expect(arrived.map(({ to }) => to)).toEqual([[one], [two]]);
    const parsed = await Promise.all(arrived.map(({ raw }) => simpleParser(raw)));
    expect(parsed.map(({ messageId }) => messageId)).toEqual([
      '<one@sitrep.example>',
      '<two@sitrep.example>',
    ]);
    expect(arrived[0]?.raw.toString()).not.toContain(two);
  });

  test('sent again within a second is the same, byte for byte', async () => {
    const [first, second] = [await arrives(message()), await arrives(message())];
    expect(second.messageId).toBe(first.messageId);
    expect(second.raw.equals(first.raw)).toBe(true);
  });
});

describe('the message about an edition with highlights', () => {
  const png = createCanvas(120, 80).toBuffer('image/png');
  const picture = { name: 'a.png', sha256: hashOf(png), width: 120, height: 80, content: png };
  const long = 'The bridge has very likely been closed since the flood of last week, said two drivers. ';
  const highlights: EnclosedHighlights = {
    locale,
    publisher: { name: 'Institute for Roads & Rails', corrections: 'errors@roads.example' },
    colours: { ink: '#0b5345', accent: '#7b241c' },
    headline: 'The bridge "at A" is closed',
    judgments: [
      {
        text: long,
        likelihood: { text: 'very likely 80–95 %', low: 80, high: 95 },
        confidence: `low confidence: ${long.toLowerCase()}`,
      },
      { text: 'Lorries go round.', likelihood: null, confidence: null },
    ],
    hero: { ...picture, alt: 'A row for each "bridge".', caption: 'Bridges & days' },
    logo: { ...picture, alt: 'Institute for Roads & Rails' },
  };
  const told = (changes: Partial<EnclosedHighlights> = {}) =>
    message({ paragraphs: [long.repeat(4)], highlights: { ...highlights, ...changes } });

  test('has the headline in its subject', async () => {
    expect((await arrives(told())).subject).toBe(
      '[TLP:CLEAR] The bridge "at A" is closed · Weekly brief, 2021-W33, as of 22 August 2021',
    );
  });

  test('comes from the publisher where the sender has no name', async () => {
    const from = { name: '', address: 'briefs@roads.example' };
    expect((await arrives(told(), { from })).from?.text).toBe(
      '"Institute for Roads & Rails" <briefs@roads.example>',
    );
    expect((await arrives(told())).from?.text).toContain('"Sitrep"');
  });

  test('reads well as plain text, in lines that no mailbox breaks', async () => {
    const { text = '' } = await arrives(told());
    const lines = text.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(70);
    expect(text).not.toMatch(/<|&(?:amp|quot|lt);|\{\w+\}/);
    const order = [
      'TLP:CLEAR',
      'Institute for Roads & Rails',
      'The bridge "at A" is closed',
      'BOTTOM LINE',
      'KEY JUDGMENTS',
      '1. The bridge',
      '   Very likely 80–95 %',
      '   Low confidence: the bridge',
      '2. Lorries go round.',
      'Picture: A row for each "bridge".',
      'The full brief is attached',
      '-- ',
      'Report errors to errors@roads.example.',
    ];
    const places = order.map((part) => lines.findIndex((line) => line.startsWith(part)));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('shows its pictures from the message itself, with their text', async () => {
    const { html, attachments } = await arrives(told());
    const shown = [...String(html).matchAll(/<img src="cid:([^"]*)"[^>]* alt="([^"]*)"/g)].map(
      ([, cid, alt]) => [cid, alt],
    );
    expect(shown).toEqual([
      ['logo.b1f0c0de-0001@sitrep.example', 'Institute for Roads &amp; Rails'],
      ['hero.b1f0c0de-0001@sitrep.example', 'A row for each &quot;bridge&quot;.'],
    ]);
    const inline = attachments.filter(({ contentDisposition }) => contentDisposition === 'inline');
    expect(inline.map(({ cid, contentType }) => [cid, contentType])).toEqual(
      shown.map(([cid]) => [cid, 'image/png']),
    );
    for (const { content } of inline) expect(Buffer.compare(content, png)).toBe(0);
    expect(attachments.at(-1)).toMatchObject({ contentDisposition: 'attachment' });
    expect(html).not.toMatch(/(?:src|href)="(?!cid:)|url\(|@import/);
  });

  test('has no picture where there is none', async () => {
    const { html, text, attachments } = await arrives(told({ hero: null, logo: null }));
    expect(html).not.toContain('<img');
    expect(text).not.toContain('Picture');
    expect(attachments).toHaveLength(1);
  });

  test('has colours for dark screens, and is short enough for every mailbox', async () => {
    const html = String((await arrives(told())).html);
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain('@media (prefers-color-scheme:dark)');
    // Fitted to the width of a phone, the labels of a wide picture would be too small to read.
    const drawnAt = async (width: number) =>
      String((await arrives(told({ hero: { ...picture, alt: 'A row.', caption: 'Bridges', width } }))).html);
    expect(await drawnAt(1300)).toMatch(
      /@media \(max-width:480px\)\{[^]*\.wide\{overflow-x:auto!important[^]*<div class="hero wide"[^>]*><img/,
    );
    expect(await drawnAt(720)).toMatch(/<div class="hero" [^>]*><img [^>]*width="360"[^>]*max-width:420px/);
    expect(html).toContain('#0b5345');
    const many = Array.from({ length: 5_000 }, (_, row) => `revised: ${long} (M${row})`);
    const { correction } = corrected();
    if (correction === null) throw new Error('The sample is no correction.');
    const most = await arrives({ ...told(), correction: { ...correction, changes: many } });
    expect(Buffer.byteLength(String(most.html))).toBeLessThan(102_000);
    expect(most.html).toContain('And 4,900 more, which the PDF lists.');
  });

  test('speaks the language of the edition, not of the program', async () => {
    const words = (key: string) => (key === 'mail.bottom_line' ? 'En bref' : '…');
    const french = { ...locale, tag: 'fr', text: words, longDay: () => '22 août 2021' };
    const { html, text } = await arrives(told({ locale: french }));
    expect(html).toContain('<html lang="fr" dir="ltr">');
    // Some programs for mail drop the first element.
    expect(html).toContain('class="sheet" lang="fr" dir="ltr"');
    expect(text).toContain('EN BREF\nThe bridge');
    expect(text).not.toMatch(/attached|Key judgments/i);
  });

  test('shows the number of an issue from left to right in every language', async () => {
    const mirrored = await arrives(told({ locale: { ...locale, direction: 'rtl' } }));
    expect(mirrored.text).toContain('\u20662021-W33\u2069');
    expect((await arrives(told())).text).not.toContain('\u2066');
  });
});

describe('what the server says', () => {
  /** A server that refuses the first time, and then no more. */
  const firstRefused = (code: number): Parameters<typeof mailServer>[0] => {
    let tries = 0;
    return {
      onRcptTo: ({ address: to }, _, done) => {
        tries += 1;
        done(tries === 1 ? refuse(code, `4.2.1 mailbox ${to} busy`) : null);
      },
    };
  };

  test('250: sent, with its words', async () => {
    const { port } = await mailServer(answer((done) => done(null, 'queued as 4F2A')));
    expect(await send(settingsFor(port))).toEqual({ outcome: 'sent', reason: '250 queued as 4F2A' });
  });

  test('4xx, then 250: deferred, then sent', async () => {
    const { port, arrived } = await mailServer(firstRefused(450));
    expect(await send(settingsFor(port))).toEqual({
      outcome: 'deferred',
      reason: 'The mail server refused the recipient: 450 4.2.1 mailbox a…@example.org busy',
    });
    expect(await send(settingsFor(port))).toMatchObject({ outcome: 'sent' });
    expect(arrived).toHaveLength(1);
  });

  test.each([
    [
      'MAIL FROM',
      550,
      'bounced',
      'the sender',
      { onMailFrom: (_: unknown, __: unknown, done: Done) => done(refuse(550, 'no')) },
    ],
    [
      'MAIL FROM',
      421,
      'deferred',
      'the sender',
      { onMailFrom: (_: unknown, __: unknown, done: Done) => done(refuse(421, 'no')) },
    ],
    [
      'RCPT TO',
      550,
      'bounced',
      'the recipient',
      { onRcptTo: (_: unknown, __: unknown, done: Done) => done(refuse(550, 'no')) },
    ],
    [
      'RCPT TO',
      503,
      'deferred',
      'the recipient',
      { onRcptTo: (_: unknown, __: unknown, done: Done) => done(refuse(503, 'no')) },
    ],
    ['DATA', 554, 'bounced', 'the message', answer((done) => done(refuse(554, 'no')))],
    ['DATA', 451, 'deferred', 'the message', answer((done) => done(refuse(451, 'no')))],
  ] as const)('%s %i: %s', async (_, code, outcome, what, options) => {
    for (const hidePIPELINING of [false, true]) {
      const { port, arrived } = await mailServer({ ...options, hidePIPELINING });
      const reason = `The mail server refused ${what}: ${code} no`;
      expect(await send(settingsFor(port))).toEqual({ outcome, reason });
      expect(arrived).toEqual([]);
    }
  });

  test('a refusal of DATA before its content: bounced', async () => {
    const { port } = await smtpScript({ DATA: '554 no' });
    expect(await send(settingsFor(port))).toMatchObject({ outcome: 'bounced' });
  });

  test('that refuses a message as too large: the delivery is put on hold and says what to do', async () => {
    const { port, arrived } = await mailServer({ size: 100_000 });
    expect(await send(settingsFor(port))).toEqual({
      outcome: 'held',
      reason: expect.stringMatching(/100000\. Lower SITREP_MAIL_MAX_BYTES\.$/),
    });
    expect(arrived).toEqual([]);
  });

  test('a long answer is shortened, and several lines become one', async () => {
    const { port } = await smtpScript({ RCPT: `550-5.1.1 no\r\n550 ${'x'.repeat(1000)}` });
    const receipt = await send(settingsFor(port));
    expect(receipt).toMatchObject({ outcome: 'bounced' });
    const { reason } = receipt as { reason: string };
    expect(reason).toMatch(/^The mail server refused the recipient: 550-5\.1\.1 no 550 x+…$/);
    expect(reason.length).toBeLessThan(250);
  });
});

describe('a connection that ends', () => {
  const phases = ['connect', 'EHLO', 'MAIL', 'RCPT', 'DATA'] as const;
  test.each(phases)('at %s: deferred', async (phase) => {
    for (const how of ['cut', 'reset'] as const) {
      const { port } = await smtpScript({ [phase]: how });
      expect(await send(settingsFor(port))).toMatchObject({ outcome: 'deferred' });
    }
  });

  test('in the midst of a large message: deferred, as its end was never written', async () => {
    const { port } = await smtpScript({ content: 'cut' });
    const large = message({ pdf: enclosed(Buffer.alloc(12_000_000, 7)) });
    const settings = settingsFor(port, { maxBytes: 100_000_000 });
    expect(await send(settings, large)).toMatchObject({ outcome: 'deferred' });
  });

  test.each(['cut', 'reset', '25'])('after the message (%s): unknown', async (how) => {
    const { port, received } = await smtpScript({ end: how });
    expect(await send(settingsFor(port))).toEqual({
      outcome: 'unknown',
      reason: expect.stringContaining('did not confirm it'),
    });
    // It could have taken it: all of it was there.
    expect((await simpleParser(received())).attachments).toHaveLength(1);
  });
});

describe('a server that is silent', () => {
  test('from the start: deferred within the time for a greeting', async () => {
    const { port } = await bareServer(() => {});
    expect(await send(settingsFor(port), message(), { limits: brief })).toEqual({
      outcome: 'deferred',
      reason: 'The mail server could not be reached, or the connection broke: Greeting never received',
    });
  });

  test('after the message: unknown', async () => {
    const { port } = await smtpScript({ end: 'silence' });
    expect(await send(settingsFor(port), message(), { limits: brief })).toMatchObject({ outcome: 'unknown' });
  });

  test('but for a word now and then: deferred within the time for all of it', async () => {
    const { port } = await bareServer((socket) => {
      socket.write('220 slow\r\n');
      const timer = setInterval(() => socket.write('250-and\r\n'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await send(settingsFor(port), message(), { limits: { totalTimeoutMs: 500 } })).toMatchObject({
      outcome: 'deferred',
      reason: expect.stringContaining('timeout'),
    });
  });
});

describe('a server that is not there', () => {
  test('nobody listens: deferred', async () => {
    expect(await send(settingsFor(1))).toMatchObject({
      outcome: 'deferred',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('its name is unknown: deferred', async () => {
    const smtp = { ...settingsFor(25).smtp, host: 'mail.invalid' };
    expect(await send(settingsFor(25, { smtp }))).toMatchObject({
      outcome: 'deferred',
      reason: expect.stringContaining('ENOTFOUND'),
    });
  });
});

describe('aborting', () => {
  test('before the message ends the connection and rejects with the reason', async () => {
    const { port, open } = await bareServer((socket) => {
      socket.write('220 x\r\n');
      socket.once('data', () => abort.abort(new Error('stopping')));
    });
    const abort = new AbortController();
    await expect(send(settingsFor(port), message(), { signal: abort.signal })).rejects.toThrow('stopping');
    await Promise.all([...open].map((socket) => once(socket, 'close')));
  });

  test('after the message is unknown, and ends the connection', async () => {
    const abort = new AbortController();
    const { port, open } = await smtpScript({ end: () => abort.abort(new Error('stopping')) });
    const receipt = await send(settingsFor(port), message(), { signal: abort.signal });
    expect(receipt).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('stopping') });
    await Promise.all([...open].map((socket) => once(socket, 'close')));
  });

  test('beforehand connects to nothing', async () => {
    const { port, connections } = await mailServer();
    const signal = AbortSignal.abort(new Error('stopping'));
    await expect(send(settingsFor(port), message(), { signal })).rejects.toThrow('stopping');
    expect(connections()).toBe(0);
  });

  test('closing ends what is under way', async () => {
    const { port, open } = await bareServer(() => opened.resolve());
    const opened = Promise.withResolvers<void>();
    const mail = openMail(settingsFor(port), { now: () => at, locale });
    const delivery = mail.deliver(message(), { target: byMail(address), signal: never });
    delivery.catch(() => {});
    await opened.promise;
    await mail[Symbol.asyncDispose]();
    await expect(delivery).rejects.toThrow('Mail is closed');
    await Promise.all([...open].map((socket) => once(socket, 'close')));
  });

  test("another channel's target is a fault of the caller", async () => {
    await using mail = openMail(settingsFor(1), { now: () => at, locale });
    await expect(mail.deliver(message(), { target: byFolder('a'), signal: never })).rejects.toThrow(
      TypeError,
    );
  });
});

describe('TLS and login', async () => {
  const fixture = (name: string) => readFile(join(import.meta.dirname, '../input/tls', name), 'utf8');
  const [cert, key] = await Promise.all([fixture('cert.pem'), fixture('key.pem')]);
  const tls = { cert, key, disabledCommands: [] };
  const trust = () => {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, cert]);
    onTestFinished(() => setDefaultCACertificates(before));
  };
  const required = (port: number, changes: Partial<MailSettings['smtp']> = {}) => {
    const settings = settingsFor(port);
    return { ...settings, smtp: { ...settings.smtp, requireTls: true, ...changes } };
  };

  test('STARTTLS is used where the server offers it', async () => {
    const { port, arrived } = await mailServer(tls);
    expect(await send(settingsFor(port))).toMatchObject({ outcome: 'sent' });
    expect(arrived).toMatchObject([{ secure: true }]);
  });

  test('where TLS is required, a server without it gets nothing', async () => {
    const { port, arrived } = await mailServer();
    expect(await send(required(port))).toMatchObject({
      outcome: 'deferred',
      reason: expect.stringContaining('STARTTLS'),
    });
    expect(arrived).toEqual([]);
  });

  test.each([
    ['STARTTLS', tls, {}],
    ['TLS from the start', { ...tls, secure: true }, { secure: true }],
  ])(
    'where TLS is required (%s), nobody gets anything whose certificate is not trusted',
    async (_, options, smtp) => {
      const { port, arrived } = await mailServer(options);
      expect(await send(required(port, smtp))).toMatchObject({
        outcome: 'deferred',
        reason: expect.stringContaining('self-signed certificate'),
      });
      expect(arrived).toEqual([]);
      trust();
      expect(await send(required(port, smtp))).toMatchObject({ outcome: 'sent' });
      expect(arrived).toMatchObject([{ secure: true }]);
    },
  );

  const authenticating = (code?: number): Parameters<typeof mailServer>[0] => ({
    ...tls,
    authOptional: false,
    onAuth: ({ username, password: given }, _, done) => {
      if (username === 'briefs' && given === password) done(null, { user: 'briefs' });
      else if (code === undefined) done(null, { message: `no login with ${given}` });
      else done(refuse(code, `no login with ${given}`));
    },
  });
  const login = (word: string) => `smtp://briefs:${word}@127.0.0.1`;

  test('the right password is let in', async () => {
    const { port, arrived } = await mailServer(authenticating());
    expect(await send(settingsFor(port, {}, login(password)))).toMatchObject({ outcome: 'sent' });
    expect(arrived).toHaveLength(1);
  });

  test('a wrong password puts the delivery on hold, since the recipient is not at fault, and is not tried again', async () => {
    const { port } = await mailServer(authenticating());
    const receipt = await send(settingsFor(port, {}, login('wrong-horse')));
    expect(receipt).toEqual({
      outcome: 'held',
      reason:
        'The mail server refused the login: 535 no login with …. Correct the user and the password in SITREP_SMTP_URL.',
    });
  });

  test('a missing password puts the delivery on hold and says what is missing', async () => {
    const { port } = await mailServer(authenticating());
    expect(await send(settingsFor(port, {}, 'smtp://127.0.0.1'))).toEqual({
      outcome: 'held',
      reason:
        'The mail server requires a login: 530 Error: authentication Required. Put the user and the password into SITREP_SMTP_URL.',
    });
  });

  test('a server that cannot check just now: deferred', async () => {
    const { port } = await mailServer(authenticating(454));
    expect(await send(settingsFor(port, {}, login('wrong-horse')))).toMatchObject({ outcome: 'deferred' });
  });

  test.each([
    ['none where one is asked for', 'smtp://127.0.0.1', authenticating()],
    ['one without a password', 'smtp://briefs@127.0.0.1', authenticating()],
  ])('%s: held', async (_, url, options) => {
    const { port, arrived } = await mailServer(options);
    expect(await send(settingsFor(port, {}, url))).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining('login'),
    });
    expect(arrived).toEqual([]);
  });

  test('a server without any login is reported as that, and not as a wrong password', async () => {
    const { port, arrived } = await mailServer({ disabledCommands: ['AUTH', 'STARTTLS'] });
    const receipt = await send(settingsFor(port, {}, login(password)));
    expect(receipt).toMatchObject({
      outcome: 'held',
      reason: expect.stringMatching(
        /offers no login .* Remove the user and the password .* or use another port/,
      ),
    });
    expect(JSON.stringify(receipt)).not.toContain('Correct the user');
    expect(arrived).toEqual([]);
  });

  test.each([
    ['an address', `550 5.1.1 <${address}>: unknown`],
    ['an address in capitals', `550 5.1.1 ${address.toUpperCase()} unknown`],
    ['the name of the mailbox', '550 no mailbox ana.lyst here'],
    ['the password', `550 ${password}`],
    ['the password in base64', `550 ${Buffer.from(password).toString('base64')}`],
    ['the login in base64', `550 ${Buffer.from(`\0briefs\0${password}`).toString('base64')}`],
  ])('%s in an answer is not passed on', async (_, words) => {
    const { port } = await smtpScript({ AUTH: '235 welcome', RCPT: words });
    const receipt = await send(settingsFor(port, {}, login(password)));
    expect(receipt).toMatchObject({ outcome: 'bounced' });
    const said = JSON.stringify(receipt).toLowerCase();
    expect(said).not.toContain('ana.lyst');
    for (const secret of [password, Buffer.from(password).toString('base64'), 'AGJyaWVmcwBj']) {
      expect(said).not.toContain(secret.toLowerCase());
    }
  });
});

type Done = (error?: Error | null) => void;
