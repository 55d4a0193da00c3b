import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { pixelsOf, withPalette } from '../browser/palette';

/** A PNG of three colours to a row, each row with another filter. */
function png(width: number, rows: (readonly [filter: number, bytes: readonly number[]])[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  return Buffer.concat([Buffer.alloc(8), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.from(rows.flatMap(([filter, bytes]) => [filter, ...bytes]))))]);
}

it('reads a picture whatever its rows are filtered by', () => {
  const { pixels } = pixelsOf(png(2, [[0, [1, 2, 3, 4, 5, 6]], [1, [10, 20, 30, 1, 1, 1]], [2, [1, 1, 1, 1, 1, 1]], [3, [0, 0, 0, 0, 0, 0]], [4, [0, 0, 0, 0, 0, 0]]]));
  expect([...pixels].map((c) => c.toString(16).padStart(6, '0'))).toEqual(['010203', '040506', '0a141e', '0b151f', '0b151f', '0c1620', '050a0f', '081017', '050a0f', '081017']);
});

it('refuses what it does not read', () => {
  expect(() => pixelsOf(withPalette(png(1, [[0, [1, 2, 3]]])))).toThrow('wanted a PNG with 8 bits of red, green and blue, found depth 8, colour type 3, interlace 0');
});
