type Values = (number | null | undefined)[];

/**
 * Piles values up from the last list to the first, so that the first lies on
 * top; lists that are not shown add nothing. A gap of a list stays a gap in its
 * own line and adds nothing to those above.
 */
export function stacked(lists: Values[], shown: boolean[]): Values[] {
  const sum = new Array<number>(lists[0]?.length ?? 0).fill(0);
  const out: Values[] = [];
  for (let k = lists.length - 1; k >= 0; k--) {
    out[k] = sum.map((s, i) => {
      const v = lists[k]?.[i];
      if (v == null || !shown[k]) return shown[k] ? null : s;
      return (sum[i] = s + v);
    });
  }
  return out;
}
