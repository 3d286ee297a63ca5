import { createServer, type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

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

/** A server that accepts connections and does with them as told. */
export async function bareServer(
  answer: (socket: Socket) => void,
): Promise<{ port: number; open: Set<Socket> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open };
}
