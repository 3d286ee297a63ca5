import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can fall silent, as when a firewall forgets a connection. */
export interface SilentProxy extends AsyncDisposable {
  /** The address of the server by this way. */
  readonly url: string;
  /** From now on nothing comes through the connections that there are; new ones work. */
  fallSilent(): void;
  /** Ends all connections. */
  cut(): void;
}

export async function openSilentProxy(to: string): Promise<SilentProxy> {
  const url = new URL(to);
  const [host, port] = [url.hostname, Number(url.port)];
  const open = new Set<{ readonly near: Socket; readonly far: Socket }>();
  const server = createServer((near) => {
    const pair = { near, far: connect(port, host) };
    open.add(pair);
    for (const [from, into] of [
      [near, pair.far],
      [pair.far, near],
    ] as const) {
      from.pipe(into);
      from.on('error', () => into.destroy());
      from.once('close', () => open.delete(pair));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.port = String((server.address() as AddressInfo).port);
  const cut = (): void => {
    for (const { near, far } of open) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    url: url.href,
    fallSilent() {
      for (const { near, far } of open) {
        near.unpipe();
        far.unpipe();
        near.pause();
        far.pause();
      }
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
