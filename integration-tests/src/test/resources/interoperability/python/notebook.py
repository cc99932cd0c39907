"""Executes a notebook in its own folder, and writes what comes out as another file.

usage: notebook.py NOTEBOOK RESULT

Of outputs only what stays the same is kept: texts, and pictures without the text that names the object's address.
"""

import pathlib
import sys

import nbclient
import nbformat

notebook = pathlib.Path(sys.argv[1]).resolve()
contents = nbformat.read(notebook, as_version=4)
client = nbclient.NotebookClient(contents, timeout=120, resources={"metadata": {"path": str(notebook.parent)}})
client.execute()
contents.metadata.pop("language_info", None)
for cell in contents.cells:
    cell.metadata.pop("execution", None)
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            output.data.pop("text/plain", None)
nbformat.write(contents, sys.argv[2])
