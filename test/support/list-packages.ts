import { registerHooks } from 'node:module';

/** With `--import`, writes the name of each package that the program loads to standard error. */
registerHooks({
  load(url, context, next) {
    const [, name] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
    if (name !== undefined) process.stderr.write(`package ${name}\n`);
    return next(url, context);
  },
});
