"""Keeps the rules of house.txt, and shows by made-up trees that each of them can fail."""
import fnmatch
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(os.environ.get("MINIATURA_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
CODE = (".cc", ".h")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
# Strings first: a comment's beginning inside one is none.
COMMENT_OR_STRING = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)


class Rules:
    """house.txt: for each verb the lines of its words; what follows "--" is for people."""

    def __init__(self, text):
        self.lines = {}
        for line in text.splitlines():
            words = re.split(r"\s--\s", line)[0].split()
            if words and not line.startswith("#"):
                self.lines.setdefault(words[0], []).append(words[1:])

    def of(self, verb):
        return self.lines.get(verb, [])

    def words(self, verb):
        return [word for line in self.of(verb) for word in line]


def read_tree(root):
    """Path to text of all that is tracked or about to be; what is no text is empty."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached",
                             "--others", "--exclude-standard"], capture_output=True, check=True).stdout
    tree = {}
    for path in sorted(set(listed.decode().split("\0")) - {""}):
        file = root / path
        if file.is_file():
            raw = file.read_bytes()
            tree[path] = "" if b"\0" in raw else raw.decode("utf-8", "replace")
    return tree


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def without_comments(text):
    def blank(match):
        piece = match.group(0)
        return piece if piece[0] in 'R"' else "\n" * piece.count("\n") or " "
    return COMMENT_OR_STRING.sub(blank, text)


def code_of(tree):
    return {path: text for path, text in tree.items() if path.endswith(CODE)}


def include_directions(tree, rules):
    allowed = {line[0]: line[1:] for line in rules.of("include")}
    for path, text in code_of(tree).items():
        folder = path.split("/")[0]
        for kind, header in INCLUDE.findall(text):
            if kind == "<":
                continue
            if "/" not in header:
                yield f'{path}: includes "{header}": name it from the root ("{folder}/…")'
            elif header.split("/")[0] not in allowed.get(folder, []):
                yield f'{path}: {folder}/ may not include "{header}"'


def library_includes(tree, rules):
    libraries = [(line[0], line[1:]) for line in rules.of("library")]
    system = rules.words("system")
    for path, text in code_of(tree).items():
        for kind, header in INCLUDE.findall(text):
            owners = [files for pattern, files in libraries if fnmatch.fnmatchcase(header, pattern)]
            if owners and not matches(path, owners[0]):
                yield f"{path}: <{header}> is only for {' '.join(owners[0])}"
            elif not owners and kind == "<" and re.search(r"/|\.h$", header) and not matches(header, system):
                yield f"{path}: no rule says who may include <{header}>"


def words_in_place(tree, rules):
    for line in rules.of("word"):
        word, files = line[0], line[1:]
        pattern = re.compile(r"(?<!\w)" + re.escape(word) + (r"(?!\w)" if word[-1].isalnum() else ""))
        for path, text in code_of(tree).items():
            if not matches(path, files) and pattern.search(without_comments(text)):
                yield f"{path}: {word} is only for {' '.join(files) or 'nobody'}"


def domain_words(tree, rules):
    for line in rules.of("foreign"):
        folder, words = line[0], line[1:]
        pattern = re.compile("|".join(rf"(?<![a-z]){word}" for word in words), re.I)
        for path, text in code_of(tree).items():
            if not path.startswith(folder + "/") or matches(path, rules.words("foreign-except")):
                continue
            for number, code in enumerate(without_comments(text).splitlines(), 1):
                for found in pattern.findall(code):
                    yield f'{path}:{number}: "{found}" is a word of the domain'


def mirrored_tests(tree, rules):
    """tests/<folder>/<file>_test.cc, sub-folders left out (ctest looks at one level); one on a live server counts."""
    folders = rules.words("mirror")
    names = {}
    for path in tree:
        folder, _, rest = path.partition("/")
        if folder in folders and path.endswith(".cc"):
            stem = pathlib.PurePath(rest).stem
            names.setdefault(folder, set()).add(stem)
            tests = [f"tests/{folder}/{stem}{server}_test.cc" for server in ("", "_amqp", "_minio", "_versity")]
            if not any(test in tree for test in tests) and not matches(path, rules.words("untested")):
                yield f"{path}: no {tests[0]}"
        elif folder in folders and path.endswith(".h"):
            names.setdefault(folder, set()).add(pathlib.PurePath(rest).stem)
    names = {folder: stems - {"main"} for folder, stems in names.items()}
    for path in tree:
        if not path.startswith("tests/") or not path.endswith("_test.cc"):
            continue
        parts = path.split("/")
        stem = re.sub(r"(_amqp|_minio|_versity)?_test\.cc$", "", parts[-1])
        if len(parts) != 3 or parts[1] not in folders:
            yield f"{path}: lies where no test is built"
        elif (not any(stem == name or stem.startswith(name + "_") for name in names.get(parts[1], ()))
              and not matches(path, rules.words("test-without-source"))):
            yield f"{path}: mirrors no source of {parts[1]}/"


def file_lengths(tree, rules):
    for line in rules.of("lines-max"):
        limit, patterns = int(line[0]), line[1:]
        for path, text in tree.items():
            count = text.count("\n")
            if matches(path, patterns) and count > limit and not matches(path, rules.words("long")):
                yield f"{path}: {count} lines, over {limit}"


def top_level(tree, rules):
    for name in sorted({path.split("/")[0] for path in tree} - set(rules.words("top"))):
        yield f"{name}: the top level is fixed"


def machine_paths(tree, rules):
    for pattern in rules.words("machine-path"):
        for path, text in tree.items():
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(pattern, line):
                    yield f"{path}:{number}: a path of one machine: {line.strip()}"


CHECKS = [include_directions, library_includes, words_in_place, domain_words, mirrored_tests, file_lengths, top_level,
          machine_paths]


class TheHouse(unittest.TestCase):
    def test_keeps_its_rules(self):
        rules = Rules((ROOT / "tests/house/house.txt").read_text())
        tree = read_tree(ROOT)
        for check in CHECKS:
            with self.subTest(check.__name__):
                findings = list(check(tree, rules))
                self.assertEqual(findings, [], "\n" + "\n".join(findings))

    def test_every_exception_is_still_needed(self):
        rules = Rules((ROOT / "tests/house/house.txt").read_text())
        tree = read_tree(ROOT)
        for verb in ("untested", "foreign-except", "long", "test-without-source"):
            for pattern in rules.words(verb):
                self.assertTrue(any(matches(path, [pattern]) for path in tree), f"{verb} {pattern}: no such file")


class EachRule(unittest.TestCase):
    """Fails where it should, on a tree of a few lines."""

    def finds(self, check, rules, tree, *expected):
        findings = list(check(tree, Rules(rules)))
        self.assertEqual(len(findings), len(expected), findings)
        for finding, words in zip(findings, expected):
            self.assertIn(words, finding)

    def test_an_include_upward_is_found(self):
        rules = "include runtime runtime\ninclude s3client runtime s3client"
        self.finds(include_directions, rules, {"runtime/a.cc": '#include "s3client/b.h"\n',
                                               "s3client/b.cc": '#include "runtime/a.h"\n'}, "runtime/a.cc")
        self.finds(include_directions, rules, {"s3client/b.cc": '# include "thumbnailer/c.h"\n'}, "thumbnailer/c.h")
        self.finds(include_directions, rules, {"infra/d.cc": '#include "runtime/a.h"\n'}, "infra/d.cc")
        self.finds(include_directions, rules, {"s3client/b.cc": '#include "b.h"\n'}, "from the root")

    def test_a_library_in_a_second_file_is_found(self):
        rules = "library curl/* runtime/curl_http.cc\nsystem unistd.h"
        self.finds(library_includes, rules, {"runtime/curl_http.cc": "#include <curl/curl.h>\n#include <string>\n",
                                             "runtime/b.cc": "#include <unistd.h>\n#include <curl/curl.h>\n"},
                   "runtime/b.cc")
        self.finds(library_includes, rules, {"runtime/b.cc": '#include "curl/curl.h"\n'}, "runtime/b.cc")
        self.finds(library_includes, rules, {"runtime/b.cc": "#include <jpeglib.h>\n"}, "no rule says")

    def test_a_word_out_of_place_is_found_and_a_comment_is_none(self):
        rules = "word getenv runtime/environment.cc\nword system( -- why"
        self.finds(words_in_place, rules, {"runtime/environment.cc": "getenv(x);",
                                           "handler/a.cc": "// getenv\n/* getenv */\nstd::getenv(x);",
                                           "handler/b.cc": "my_getenv(x); ecosystem(y);"}, "handler/a.cc")
        self.finds(words_in_place, rules, {"handler/a.cc": "::system(x);"}, "nobody")

    def test_a_word_of_the_domain_is_found_even_in_a_string(self):
        rules = "foreign runtime s3 bucket\nforeign-except runtime/error.h"
        self.finds(domain_words, rules, {"runtime/a.cc": '// bucket\nf("the Bucket // s3");\nint s3_key;',
                                         "runtime/error.h": "bucket", "handler/b.cc": "bucket"},
                   "runtime/a.cc:2", "runtime/a.cc:2", "runtime/a.cc:3")

    def test_a_source_without_its_test_is_found_and_the_other_way_round(self):
        rules = "mirror runtime handler\nuntested handler/main.cc"
        good = {"runtime/a.cc": "", "tests/runtime/a_test.cc": "", "handler/main.cc": "", "handler/x/c.cc": "",
                "tests/handler/c_minio_test.cc": "", "tests/runtime/a_end_test.cc": ""}
        self.finds(mirrored_tests, rules, good)
        self.finds(mirrored_tests, rules, {"runtime/a.cc": ""}, "no tests/runtime/a_test.cc")
        self.finds(mirrored_tests, rules, {**good, "tests/runtime/b_test.cc": ""}, "mirrors no source")
        self.finds(mirrored_tests, rules, {**good, "tests/runtime/x/a_test.cc": ""}, "no test is built")

    def test_a_long_file_is_found(self):
        rules = "lines-max 2 *.cc\nlong b.cc"
        self.finds(file_lengths, rules, {"a.cc": "1\n2\n3\n", "b.cc": "1\n2\n3\n", "c.cc": "1\n2\n", "d.md": "\n" * 9},
                   "a.cc: 3 lines")

    def test_a_new_name_at_the_top_is_found(self):
        self.finds(top_level, "top README.md runtime", {"README.md": "", "runtime/a.cc": "", "util/b.cc": ""}, "util")

    def test_a_path_of_a_machine_is_found(self):
        rules = r"machine-path (?<![\w:/.}])/(work|home)/\w"
        self.finds(machine_paths, rules, {"a.sh": "cd " + "/home" + "/jo", "b.sh": '"$root/work/x" file:///home/x'}, "a.sh:1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
