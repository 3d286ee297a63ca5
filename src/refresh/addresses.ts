import { lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

function listOf(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** IPv4 that is not globally reachable: https://www.iana.org/assignments/iana-ipv4-special-registry */
const inner = listOf('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  // Shared by the customers of a provider (RFC 6598).
  '100.64.0.0/10',
  '127.0.0.0/8',
  // The service of Azure that answers its virtual machines only.
  '168.63.129.16/32',
  // Link-local, with the metadata service of most clouds.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // Multicast, reserved and broadcast.
  '224.0.0.0/3',
]);
/** Everything else in IPv6 is private, local, mapped, translated, multicast or reserved. */
const global6 = listOf('ipv6', ['2000::/3']);
/** Parts of it that lead to IPv4 addresses (Teredo, 6to4), or are for documentation and tests. */
const special6 = listOf('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Whether `address`, an IP address, belongs to the public internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !inner.check(address, 'ipv4');
  return family === 6 && global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

/** Thrown for a host at an address to which a connection is not allowed. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
}

/**
 * Resolves the name of a host for the socket that connects, and fails with `RefusedAddress` if any of its addresses is
 * not allowed. A check before the connection would resolve the name twice, and the answers may differ (DNS rebinding).
 */
export const checkedLookup =
  (isAllowed: (address: string) => boolean): LookupFunction =>
  (host, options, callback) => {
    resolveName(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) callback(error ?? new Error('no address'), []);
      else if (!addresses.every(({ address }) => isAllowed(address))) callback(new RefusedAddress(host), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
