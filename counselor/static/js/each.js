// Run once for every match in root, root included.
export function each(root, selector, run) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  for (const element of found) {
    const mark = `_${run.name}`;
    if (element[mark]) continue;
    element[mark] = true;
    run(element);
  }
}
