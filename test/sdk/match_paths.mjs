// SPDX-License-Identifier: Apache-2.0 - asks the path-to-regexp that Clerk's SDK carries
//
// Reads {"patterns": […], "paths": […]} and writes, for each pattern, null where it is refused,
// else for each path null or the parameters that match it.

import { readFileSync } from 'node:fs';
import { match } from '@clerk/shared/pathToRegexp';

function verdicts(pattern, paths) {
  let matches;
  try {
    matches = match(pattern);
  }
  catch {
    return null;
  }
  return paths.map(path => {
    const found = matches(path);
    return found ? { ...found.params } : null;
  });
}

const { patterns, paths } = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(patterns.map(pattern => verdicts(pattern, paths))));
