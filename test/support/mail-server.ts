import { type AddressInfo, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

/** A message as it arrived, and the recipients that its envelope named. */
export interface Arrived {
  readonly to: readonly string[];
  readonly raw: Buffer;
  readonly secure: boolean;
}

/** A real mail server on a port of its own that accepts everything, but for what `options` say. */
export async function mailServer(
  options: SMTPServerOptions = {},
): Promise<{ port: number; arrived: Arrived[]; connections: () => number }> {
  const arrived: Arrived[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onConnect: (_, done) => {
      connections += 1;
      done();
    },
    async onData(stream, session, done) {
      const raw = await buffer(stream);
      arrived.push({
        to: session.envelope.rcptTo.map(({ address }) => address),
        raw,
        secure: session.secure,
      });
      done();
    },
    ...options,
  });
  // A client that hangs up is what some tests are about.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(resolve)));
  return { port: (server.server.address() as AddressInfo).port, arrived, connections: () => connections };
}

/** What a mail server answers to a message, once it has it. */
export const answer = (
  judge: (done: (error: Error | null, message?: string) => void) => void,
): SMTPServerOptions => ({
  onData: (stream, _, done) => {
    stream.on('end', () => judge(done)).resume();
  },
});
export const refuse = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });

/** A server that accepts connections and does with them as told. */
export async function bareServer(
  greet: (socket: Socket) => void,
): Promise<{ port: number; open: Set<Socket> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open };
}

/** `cut` and `reset` end the connection, `silence` says nothing; anything else is said, or done. */
type Turn = string | (() => void);

/**
 * A server that accepts everything, but for the turns given: at a command, in the midst of the `content`, at its `end`,
 * or as soon as somebody `connect`s. smtp-server cannot end a connection at a chosen point.
 */
export async function smtpScript(turns: {
  readonly [at: string]: Turn;
}): Promise<{ port: number; open: Set<Socket>; received: () => string }> {
  let received = '';
  const usual: { readonly [at: string]: string } = {
    connect: '220 ready',
    EHLO: '250-ready\r\n250 AUTH PLAIN',
    DATA: '354 go on',
    content: 'silence',
    QUIT: '221 bye',
  };
  const server = await bareServer((socket) => {
    let isContent = false;
    const take = (at: string): void => {
      const turn = turns[at] ?? usual[at] ?? '250 fine';
      if (typeof turn === 'function') turn();
      else if (turn === 'cut') socket.destroy();
      else if (turn === 'reset') socket.resetAndDestroy();
      else if (turn === '25') socket.end(turn);
      else if (turn !== 'silence') socket.write(`${turn}\r\n`);
      isContent ||= at === 'DATA' && turn === usual['DATA'];
    };
    take('connect');
    socket.on('data', (chunk) => {
      if (!isContent) {
        for (const line of chunk.toString().trimEnd().split('\r\n')) take(line.slice(0, 4));
        return;
      }
      received += chunk.toString('latin1');
      isContent = !received.endsWith('\r\n.\r\n');
      take(isContent ? 'content' : 'end');
    });
  });
  return { ...server, received: () => received.replace(/\r\n\.\r\n$/, '') };
}
