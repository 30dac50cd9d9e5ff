/* eslint-disable no-bitwise -- the generator works on the bits of 32-bit numbers */

/** Numbers from 0 up to, not including, `below`: always the same for one seed. */
export type Random = (below: number) => number;

/** Mulberry32: a few lines, and even enough to choose who comes next. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
