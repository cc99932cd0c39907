"""check_exports.py LIBRARY EXPORTS: whether a library for Windows or macOS exports what its version script for Linux says and nothing
else, and needs no library that the system does not have. Exits with 1 and says why where it does not.

The linkers for these platforms do not read version scripts, and the libraries cannot be loaded on the machine that builds them.
"""

import fnmatch
import re
import sys

# What macOS's linker adds to every library, and C++'s operators new and delete: of these, every library has the same, and the system's,
# which come first, are taken.
MACOS_OWN = ["__mh_dylib_header", "___dso_handle", "__Zn[wa]m*", "__Zd[la]Pv*"]
WINDOWS_SYSTEM = ["kernel32.dll", "ws2_32.dll", "api-ms-win-crt-*.dll"]
MACOS_SYSTEM = ["/usr/lib/libSystem.B.dylib"]


def wanted_exports(script):
    with open(script, encoding="utf-8") as file:
        names = re.search(r"global:(.*?)local:", file.read(), re.DOTALL).group(1)
    return [name.strip() for name in names.split(";") if name.strip()]


def of_windows(path):
    import pefile

    library = pefile.PE(path)
    exports = [symbol.name.decode() for symbol in library.DIRECTORY_ENTRY_EXPORT.symbols]
    needed = [entry.dll.decode().lower() for entry in library.DIRECTORY_ENTRY_IMPORT]
    return exports, needed, WINDOWS_SYSTEM


def of_macos(path):
    from macholib.MachO import MachO
    from macholib.SymbolTable import SymbolTable

    library = MachO(path)
    symbols = [name.decode() for _, name in SymbolTable(library).extdefsyms]
    own = [name for name in symbols if any(fnmatch.fnmatchcase(name, other) for other in MACOS_OWN)]
    exports = [name[1:] for name in symbols if name not in own]  # macOS puts a _ before the names of C
    needed = [name for header in library.headers for _, _, name in header.walkRelocatables()]
    return exports, needed, MACOS_SYSTEM


def main(path, script):
    exports, needed, system = of_windows(path) if path.endswith(".dll") else of_macos(path)
    wanted = wanted_exports(script)
    problems = [f"exports {name}" for name in exports if not any(fnmatch.fnmatchcase(name, w) for w in wanted)]
    problems += [f"does not export {w}" for w in wanted if not any(fnmatch.fnmatchcase(name, w) for name in exports)]
    problems += [f"needs {name}" for name in needed if not any(fnmatch.fnmatchcase(name, s) for s in system)]
    for problem in problems:
        print(f"{path} {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
