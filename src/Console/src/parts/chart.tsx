import { Card, Group, Text } from '@mantine/core';

export interface Point {
  at: number;
  value: number;
}

/** A line of values over time; the newest value and the greatest stand beside it as text. */
export function Chart({ title, points, format, height = 90 }: { title: string; points: readonly Point[]; format: (value: number) => string; height?: number }) {
  const width = 320;
  const newest = points.at(-1);
  const most = Math.max(...points.map((p) => p.value), 0);
  const from = points[0]?.at ?? 0;
  const span = Math.max(1, (newest?.at ?? 1) - from);
  const path = points.map((p, i) => `${i === 0 ? 'M' : 'L'}${(((p.at - from) / span) * width).toFixed(1)},${(height - 4 - (most === 0 ? 0 : (p.value / most) * (height - 10))).toFixed(1)}`).join(' ');
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Text size="sm">{newest ? format(newest.value) : 'no measure yet'}</Text>
      </Group>
      <svg viewBox={`0 0 ${width} ${height}`} width="100%" height={height} role="img" preserveAspectRatio="none"
        aria-label={`${title}: ${newest ? `${format(newest.value)} now, ${format(most)} at most` : 'no measure yet'}`}>
        <line x1="0" y1={height - 4} x2={width} y2={height - 4} stroke="currentColor" strokeOpacity="0.25" />
        {points.length > 1 && <path d={path} fill="none" stroke="var(--mantine-color-blue-6)" strokeWidth="2" vectorEffect="non-scaling-stroke" />}
      </svg>
      <Text size="xs">
        at most {format(most)}
        {newest && points.length > 1 && `; from ${new Date(from).toLocaleTimeString()} to ${new Date(newest.at).toLocaleTimeString()}`}
      </Text>
    </Card>
  );
}

/** Rates out of counters that grow: what was counted between two samples, by the seconds between them. A counter that began anew counts from nothing. */
export function rates(samples: readonly { at: number; total: number | undefined }[]): Point[] {
  const found: Point[] = [];
  for (let i = 1; i < samples.length; i++) {
    const [before, now] = [samples[i - 1]!, samples[i]!];
    if (before.total === undefined || now.total === undefined || now.at <= before.at || now.total < before.total) continue;
    found.push({ at: now.at, value: (now.total - before.total) / ((now.at - before.at) / 1000) });
  }
  return found;
}
