import { expect, test } from 'vitest';
import type { Marking } from '../../src/dataset/fields.ts';
import { type DeliverySettings, parseDeliverySettings, targetFaults } from '../../src/delivery/settings.ts';
import { describeFault } from '../../src/errors.ts';
import { target } from '../../src/project/target.ts';

const settings = parseDeliverySettings({
  SITREP_SMTP_URL: 'smtps://mail.example.org',
  SITREP_MAIL_FROM: 'briefs@example.org',
  SITREP_MAIL_DOMAINS: 'example.org',
  SITREP_OPERATOR: 'operator@elsewhere.example',
  SITREP_WEBHOOK_SECRET: `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`,
  SITREP_WEBHOOK_HOSTS: 'hooks.example.org,localhost',
});
const faultsOf = (
  targets: object[],
  { marking = 'TLP:CLEAR', by = settings }: { marking?: Marking; by?: DeliverySettings } = {},
): string[] => {
  const deliver = targets.map((each) => target.parse(each));
  return targetFaults({ file: 'templates/weekly/brief.yaml', marking, deliver }, by).map(describeFault);
};

test('targets that may receive have no faults', () => {
  const fine = [
    { folder: 'archive' },
    { email: 'ana.lyst@EXAMPLE.org' },
    { email: 'operator@elsewhere.example' },
    { webhook: 'https://Hooks.example.org/a' },
    { webhook: 'http://localhost:8080/a' },
    { folder: 'secret', clearance: 'TLP:RED' },
  ];
  expect(faultsOf(fine)).toEqual([]);
});

test('each that may not is named by its field, with what to do', () => {
  const file = 'templates/weekly/brief.yaml, field deliver';
  const bad = [
    { folder: 'archive', clearance: 'TLP:AMBER' },
    { folder: 'archive', clearance: 'TLP:GREEN' },
    { email: 'ana.lyst@sub.example.org', clearance: 'TLP:RED' },
    { webhook: 'https://example.org/a', clearance: 'TLP:RED' },
    { webhook: 'http://hooks.example.org/a', clearance: 'TLP:RED' },
    { webhook: 'https://user:word@hooks.example.org/a', clearance: 'TLP:RED' },
  ];
  expect(faultsOf(bad, { marking: 'TLP:AMBER' })).toEqual([
    `${file}.1.clearance: Content marked TLP:AMBER must not go to a target cleared for TLP:GREEN. Raise the clearance if the target may see this. Otherwise remove the target.`,
    `${file}.2.email: Mail to the domain of a…@sub.example.org is not allowed. Add sub.example.org to SITREP_MAIL_DOMAINS, or correct the address.`,
    `${file}.3.webhook: Webhooks to the host example.org are not allowed. Add example.org to SITREP_WEBHOOK_HOSTS, or correct the address.`,
    `${file}.4.webhook: The address at hooks.example.org does not use TLS, so others could read what is sent. Use https.`,
    `${file}.5.webhook: The address contains a user name or a password. Remove them: every call is signed with SITREP_WEBHOOK_SECRET.`,
  ]);
});

test('a channel that is not set up is no fault of the brief', () => {
  const targets = [{ email: 'a@b.example' }, { webhook: 'https://b.example/' }];
  expect(faultsOf(targets, { by: parseDeliverySettings({}) })).toEqual([]);
  expect(faultsOf(targets, { by: parseDeliverySettings({}), marking: 'TLP:GREEN' })).toHaveLength(2);
});
