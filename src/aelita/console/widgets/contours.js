// Lines along which a field on a grid has a value (marching squares).
export function contours(grid, level) {
  // line segments of a level within a grid (rows are departures, columns arrivals), in units of its cells; none where it has holes
  const made = [];
  for (let i = 0; i + 1 < grid.length; i++)
    for (let j = 0; j + 1 < grid[i].length; j++) {
      const corners = [
        [i, j, grid[i][j]],
        [i + 1, j, grid[i + 1][j]],
        [i + 1, j + 1, grid[i + 1][j + 1]],
        [i, j + 1, grid[i][j + 1]],
      ];
      if (corners.some(([, , v]) => v == null || !Number.isFinite(v))) continue;
      const cuts = [];
      for (let k = 0; k < 4; k++) {
        const [x1, y1, a] = corners[k],
          [x2, y2, b] = corners[(k + 1) % 4];
        if (a < level !== b < level) {
          const part = (level - a) / (b - a);
          cuts.push([x1 + (x2 - x1) * part, y1 + (y2 - y1) * part]);
        }
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) made.push([cuts[k], cuts[k + 1]]);
    }
  return made;
}
