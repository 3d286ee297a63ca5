import { registerHooks } from 'node:module';

/** With `--import`, writes the name of each package that the program loads to standard error. */
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const [, name] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(resolved.url) ?? [];
    if (name !== undefined) process.stderr.write(`package ${name}\n`);
    return resolved;
  },
});
