"""Makes the tables of ParquetSourceTest, in this folder. Needs pyarrow (26.0.1 made those that are here) and pillow."""

import io

import PIL.Image
import pyarrow
import pyarrow.parquet

ROWS = 24


def picture(grey):
    file = io.BytesIO()
    PIL.Image.new("L", (9, 8), grey).save(file, "PNG")
    return file.getvalue()


def greys():
    return [10 * (row % 4) for row in range(ROWS)]


def write(name, image, label, **options):
    pyarrow.parquet.write_table(pyarrow.table({"image": image, "label": label}), name + ".parquet", **options)


pictures = [picture(grey) for grey in greys()]
numbers = pyarrow.array([grey // 10 for grey in greys()])
texts = pyarrow.array([f"grey {grey}" for grey in greys()])
binary = pyarrow.array(pictures, pyarrow.binary())
small = {"row_group_size": 10, "write_batch_size": 2, "data_page_size": 1}

write("defaults", binary, numbers)
write("plain", binary, numbers.cast(pyarrow.int32()), compression="none", use_dictionary=False, **small)
structure = pyarrow.StructArray.from_arrays([binary, texts], ["bytes", "path"])
write("structure", structure, texts, compression="zstd", data_page_version="2.0", use_dictionary=["label"], **small)
write("gzip", binary, numbers, compression="gzip", use_dictionary=False)
write("lz4", binary, numbers, compression="lz4", **small)
write("no-picture", pyarrow.array([None if row == 3 else pictures[row] for row in range(ROWS)]), numbers)
write("no-label", binary, pyarrow.array([None if row == 3 else row % 4 for row in range(ROWS)]))
write("delta", binary, numbers, use_dictionary=False, column_encoding={"image": "DELTA_LENGTH_BYTE_ARRAY"})
write("brotli", binary, numbers, compression="brotli")
write("lists", pyarrow.array([[one] for one in pictures]), pyarrow.array([0.5] * ROWS))
