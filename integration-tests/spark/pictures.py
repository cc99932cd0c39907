"""Writes the images of an IDX file as grey PNG files: pictures.py IMAGES.gz FOLDER"""

import gzip
import struct
import sys
import zlib
from pathlib import Path


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


idx = gzip.open(sys.argv[1]).read()
_, count, rows, columns = struct.unpack(">4I", idx[:16])
folder = Path(sys.argv[2])
folder.mkdir(parents=True)
header = chunk(b"IHDR", struct.pack(">2I5B", columns, rows, 8, 0, 0, 0, 0))
for i in range(count):
    image = idx[16 + i * rows * columns :][: rows * columns]
    lines = b"".join(b"\0" + image[y * columns :][:columns] for y in range(rows))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    (folder / f"{i:05}.png").write_bytes(png)
