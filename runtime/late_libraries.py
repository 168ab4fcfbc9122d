"""Makes an assembler's file of functions that jump to those of libraries which are loaded later: runtime/late_library.h.

    late_libraries.py OUTPUT NM READELF CALLER[,CALLER…] NAME=LIBRARY[,LIBRARY…]…

CALLERs are the archives whose calls they are. Of "some" as a NAME there come kLateSome, the names, and late_some_slots. The
first LIBRARY is the one to load; the functions may be in any of them.
"""
import re
import subprocess
import sys

PAGE_BYTES = 4096


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def called_by(nm, *archives):
    listed = lines_of(nm, "--undefined-only", "--format=posix", *archives)
    return {words[0] for words in map(str.split, listed) if words[1:] == ["U"]}


def defined_by(nm, library):
    """Its functions: what is nothing of the kind cannot be had by jumping to it; and its own, not those that anybody has
    who uses the same templates."""
    listed = lines_of(nm, "--dynamic", "--defined-only", "--format=posix", library)
    return {words[0].split("@")[0] for words in map(str.split, listed) if words[1] in "Ti"}


def file_name(readelf, library):
    return next(found[1] for line in lines_of(readelf, "-d", library) if (found := re.search(r"\(SONAME\).*\[(.*)\]", line)))


def assembled(name, file, functions):
    names, slots = f"kLate{name.capitalize()}", f"late_{name}_slots"
    yield f"  .section .rodata\n  .globl {names}\n  .hidden {names}\n{names}:"
    yield from (f'  .asciz "{text}"' for text in (file, *functions, ""))
    yield f"  .bss\n  .balign {PAGE_BYTES}\n  .globl {slots}\n  .hidden {slots}\n{slots}:"
    yield f"  .skip {8 * len(functions)}\n  .balign {PAGE_BYTES}\n  .text"
    for number, function in enumerate(functions):
        yield f"  .globl {function}\n  .hidden {function}\n  .type {function}, @function"
        yield f"{function}:\n  jmp *{slots}+{8 * number}(%rip)\n  .size {function}, . - {function}"


def main(output, nm, readelf, callers, *wanted):
    called = called_by(nm, *callers.split(","))
    text = []
    for one in wanted:
        name, _, files = one.partition("=")
        libraries = files.split(",")
        functions = sorted(called & set().union(*(defined_by(nm, library) for library in libraries)))
        if not functions:
            sys.exit(f"{callers}: calls no function of {files}: can {nm} read it?")
        text += assembled(name, file_name(readelf, libraries[0]), functions)
    text.append('  .section .note.GNU-stack, "", @progbits')
    with open(output, "w", encoding="ascii") as file:
        file.write("\n".join(text) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
