/** Fewer points for a curve that is drawn or stored, without a visible change. */

/**
 * At most `most` points of a curve, evenly spread along its length in the plane of the two named coordinates; the first and the
 * last stay. A curve of no more points is returned as it is.
 */
export function thinCurve<Axis extends string, Point extends { readonly [name in Axis]: number }>(
  points: readonly Point[],
  [horizontal, vertical]: readonly [Axis, Axis],
  most: number,
): readonly Point[] {
  if (points.length <= most) return points;
  let length = 0;
  const lengths = points.map((point, index) => {
    const before = points[index - 1] ?? point;
    length += Math.hypot(point[horizontal] - before[horizontal], point[vertical] - before[vertical]);
    return length;
  });
  const kept: Point[] = [];
  let due = 0;
  points.forEach((point, index) => {
    if (index < points.length - 1 && (lengths[index]! < due || kept.length >= most - 1)) return;
    kept.push(point);
    due = lengths[index]! + (length - lengths[index]!) / Math.max(1, most - kept.length);
  });
  return kept;
}
