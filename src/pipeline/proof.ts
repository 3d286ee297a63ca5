import type { SealedManifest } from '../model/manifest.ts';
import { chartAttachments, packManifest, type Attachment } from './attachments.ts';
import { describeRendering } from './manifest.ts';
import type { Effects, Material, Rendering, Request } from './produce.ts';

/** What goes into the PDF to prove it: the manifest, and of each chart its rows and its spec. */
export async function proofOf(
  request: Request,
  rendering: Rendering,
  { effects, material }: { effects: Pick<Effects, 'browser'>; material: Material },
): Promise<{ manifest: SealedManifest; attachments: readonly Attachment[] }> {
  const charts = chartAttachments(rendering.charts);
  const attachments = charts.map(({ entry }) => entry);
  const browser = await effects.browser();
  const manifest = describeRendering(request, rendering, { material, browser, attachments });
  return { manifest, attachments: [packManifest(manifest), ...charts] };
}
